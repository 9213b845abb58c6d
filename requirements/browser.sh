#!/bin/sh
# Find or install what the browser tests need, and print the path of a Chromium.
#
# The driver comes from requirements/browser.lock. The browser is the system's own; where there is
# none, the system's package is installed if that is possible, else the driver's own download.
set -eu

cd "$(dirname "$0")/.."
python=.venv/bin/python
lock=requirements/browser.lock
stamp=.venv/browser-installed-from

say() { printf '==> %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 2; }

if ! cmp -s "$lock" "$stamp"; then
    say "Installing the browser driver"
    "$python" -m pip --disable-pip-version-check install -qq --no-deps --only-binary=:all: \
        --require-hashes --requirement "$lock" >&2 || fail "the driver could not be installed"
    cp "$lock" "$stamp"
fi

find_chromium() {
    [ -z "${CHROMIUM:-}" ] || { command -v "$CHROMIUM" && return; }
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" && return
    done
    "$python" - <<'END'
from pathlib import Path
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    path = Path(playwright.chromium.executable_path)
    print(path) if path.is_file() else exit(1)
END
}

if ! find_chromium; then
    say "Installing Chromium"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq >&2 &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
                chromium >&2 || true
    else
        "$python" -m playwright install --with-deps chromium >&2 || true
    fi
    find_chromium || fail "no Chromium: install one, or name it by CHROMIUM=/path/to/chromium"
fi
