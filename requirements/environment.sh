#!/bin/sh
# Make .venv what requirements/dev.lock says, or find that it already is.
#
# Needs Python 3.11 or newer and nothing else: every package of the lock comes as a wheel, so no
# compiler is used. PYTHON names the interpreter; without it the usual names are tried.
set -eu

cd "$(dirname "$0")/.."
lock=requirements/dev.lock
python=.venv/bin/python
stamp=.venv/installed-from

say() { printf '==> %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 2; }

# A name on PATH may be a launcher without an interpreter behind it, so each is asked.
is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
has_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3.11 python3.12 python3.13 python3
    fi
    seen=''
    for name in "$@"; do
        if ! is_new_enough "$name"; then
            version=$("$name" --version 2>/dev/null) || version='cannot be run'
            seen="$seen $name: $version;"
        elif ! has_venv "$name"; then
            seen="$seen $name: has no venv (on Debian and Ubuntu: apt install python3-venv);"
        else
            echo "$name"
            return
        fi
    done
    fail "splitspec needs Python 3.11 or newer with its venv module. Tried$seen" \
        "Install one, or name it: make test PYTHON=/path/to/python3.11"
}

# The editable install holds the path of the checkout, so a moved checkout is installed again.
content() { cat "$lock" pyproject.toml && pwd; }
wanted() { content | "$python" -c 'import hashlib, sys
print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'; }

# An environment of another Python than the one asked for is made anew.
version_of() { "$1" -c 'import sys; print(sys.version_info[:2])' 2>/dev/null || echo none; }
is_usable() {
    is_new_enough "$python" || return 1
    [ -z "${PYTHON:-}" ] || [ "$(version_of "$PYTHON")" = "$(version_of "$python")" ]
}

if is_usable && [ "$(cat "$stamp" 2>/dev/null)" = "$(wanted)" ]; then
    exit 0
fi

if ! is_usable || ! "$python" -m pip --version >/dev/null 2>&1; then
    found=$(find_python)
    say "Creating .venv with $found ($("$found" --version))"
    "$found" -m venv --clear .venv
fi
rm -f "$stamp"

say "Installing the locked packages (about 100 MB, half a minute the first time)"
"$python" -m pip --disable-pip-version-check install -qq --no-compile --no-deps \
    --only-binary=:all: --require-hashes --requirement "$lock" ||
    fail "the locked packages could not be installed; the lines above say why." \
        "This step needs the network, or a local package index that pip is configured for."
say "Installing splitspec from this checkout"
"$python" -m pip --disable-pip-version-check install -qq --no-deps --no-build-isolation \
    --editable .
wanted > "$stamp"
say "Ready: .venv/bin/splitspec"
