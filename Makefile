# Every target sets up what it needs: a machine with Python 3.11 and make is enough.
# PYTHON=/path/to/python chooses the interpreter that .venv is made with.

export PYTHON
# Hundreds of tests start the tool, and each start would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE
PY := .venv/bin/python
JOBS ?= 2
CACHE ?= rw

.DEFAULT_GOAL := help
.PHONY: help env demo test gate check fmt lint type unit browser bench nightly docs theorems lock clean

help: ## Print this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

env: ## Make or update .venv from the lock file
	@sh requirements/environment.sh

demo: env ## Show the tool at work on the shipped specification
	@echo "==> splitspec demo"
	@$(PY) -m splitspec demo

test: lint type unit ## Everything a change must pass: lint, types, tests

lint: env ## Style and format
	@echo "==> ruff: style"
	@$(PY) -m ruff check --quiet .
	@echo "==> ruff: format"
	@$(PY) -m ruff format --check --quiet . || { echo "error: run make fmt" >&2; exit 1; }

type: env ## Types, strictly
	@echo "==> mypy --strict"
	@$(PY) -m mypy

unit: env ## The test suite alone
	@echo "==> pytest on $(JOBS) processes"
	@$(PY) -m pytest -q --numprocesses $(JOBS) --dist worksteal

browser: env ## Test the pages of `splitspec view` in a real browser, which is installed if need be
	@echo "==> pytest in Chromium"
	@chromium=$$(sh requirements/browser.sh) && \
	    CHROMIUM=$$chromium $(PY) -m pytest -q tests/browser

gate: env ## Hold the specification to what spec/splitspec.lock accepted
	@echo "==> splitspec gate"
	@$(PY) -m splitspec gate --tier pr --report github=-

check: env ## Check every shipped model against what spec/models.toml expects
	@echo "==> splitspec check"
	@$(PY) -m splitspec check

fmt: env ## Rewrite the sources in their canonical form
	@$(PY) -m ruff check --quiet --fix-only .
	@$(PY) -m ruff format --quiet .

bench: env ## Measure performance, for three quarters of an hour; BENCH="--quick" for its options
	@$(PY) bench/run.py $(BENCH)

nightly: env ## What takes hours: every tier of the gate, and the suite with many more random cases
	@echo "==> splitspec gate, nightly tier; what is made is kept: run it again to go on"
	@$(PY) -m splitspec gate --tier nightly --workers $(JOBS) --cache $(CACHE)
	@echo "==> pytest, nightly profile"
	@$(PY) -m pytest -q --numprocesses $(JOBS) --hypothesis-profile=nightly

docs: env ## Regenerate the pages of docs/ that are made from the sources
	@echo "==> docs/generate.py"
	@$(PY) docs/generate.py

theorems: env ## Prove the models anew, and write docs/theorems.md from the proofs; takes minutes
	@echo "==> docs/generate.py theorems.md"
	@$(PY) docs/generate.py theorems.md

lock: env ## Resolve the dependencies anew (needs uv)
	@uv pip compile --no-config --universal --fork-strategy fewest --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-header --no-annotate --only-binary :all: \
	    --upgrade --group dev pyproject.toml --quiet --output-file requirements/dev.lock.new
	@{ sed -n '/^#/p' requirements/dev.lock; cat requirements/dev.lock.new; } > requirements/dev.lock.all
	@mv requirements/dev.lock.all requirements/dev.lock && rm requirements/dev.lock.new

clean: ## Remove the environment, caches and built files
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
