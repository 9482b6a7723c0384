# What needs git, make and Python 3.11 or newer, and nothing else: `make demo` and `make test`.
COVERAGE ?= 95
PYTEST_ARGS ?=
BIN := .venv/bin

# Where it is set, every process that starts compiles every module again: a second for each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test suite test-servers lint soak live bench wheels build lock clean

help:
	@echo 'make demo    play a whole outage on the embedded helpdesk, offline'
	@echo 'make test    linters, types and the test suite'
	@echo 'make suite   the test suite only'
	@echo 'make test-servers  against real helpdesks, which it installs: see docs/providers/redmine.md'
	@echo 'make lint    linters and types only'
	@echo 'make soak    the long runs'
	@echo 'make live    one outage on a sandbox of yours: see docs/providers/zendesk.md'
	@echo 'make bench   the benchmarks, as ratios'
	@echo 'make wheels  fill .wheels with what the product needs'
	@echo 'make build   wheel and source archive in dist'
	@echo 'make lock    pin the newest versions that pyproject.toml allows'
	@echo 'make clean   remove everything that make made'

setup: .venv/runtime
	@:

demo: setup
	@$(BIN)/python scripts/demo.py

test: .venv/dev
	@$(MAKE) --no-print-directory -j2 lint suite

suite: .venv/dev
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q -rs -m 'not soak and not live and not servers' \
		--cov --cov-report=term-missing:skip-covered --cov-fail-under=$(COVERAGE) $(PYTEST_ARGS)

test-servers: .venv/dev
	@$(MAKE) --no-print-directory -j2 --output-sync=target servers-redmine servers-request_tracker

servers-%: .venv/dev
	@$(BIN)/python -m pytest -n 0 -q -rs -m servers $(wildcard tests/servers/test_$**.py) $(PYTEST_ARGS)

lint: .venv/dev
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary

soak: .venv/dev
	@$(BIN)/python -m pytest -n 2 -q -rs -m soak --hypothesis-profile=soak $(PYTEST_ARGS)

live: .venv/dev
	@$(BIN)/python -m pytest -q -rs -m live $(PYTEST_ARGS)

bench: .venv/dev
	@$(BIN)/python -m benchmarks

wheels: .venv/runtime
	@$(BIN)/python -I -m pip download -qq --disable-pip-version-check --no-deps --only-binary :all: \
		--require-hashes -d .wheels -r .venv/runtime.txt

build: .venv/dev
	@$(BIN)/python -m build --no-isolation

lock: .venv/runtime
	@$(BIN)/python scripts/lock.py

clean:
	@rm -rf .venv .wheels .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* dist build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/runtime: pyproject.toml constraints.txt scripts/setup
	@scripts/setup runtime
	@touch $@

.venv/dev: .venv/runtime
	@scripts/setup dev
	@touch $@
