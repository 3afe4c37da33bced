# The main commands are `make run` and `make test`. Both set up .venv first if needed.
# ARGS is passed on, as in `make test ARGS="-k redeem -x"`; PYTHON names a Python.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV  := .venv
BIN   := $(VENV)/bin
# Written last, so that an interrupted set-up never counts as complete. It contains
# the directory of the environment, because a .venv breaks when its tree is moved.
STAMP := $(VENV)/.complete
ifneq ($(shell test -x $(BIN)/python && cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-21s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)

.PHONY: run
run: $(STAMP) ## Start everything on this machine; Ctrl-C stops it
	@$(BIN)/couponctl db upgrade >/dev/null
	@$(BIN)/couponctl demo load --if-enabled >/dev/null
	@exec $(BIN)/couponctl serve all

# One test process more than CI has cores, because many tests wait for other processes.
PYTEST := $(BIN)/python -m pytest -n 3 --dist worksteal
# Tests start hundreds of processes, which would otherwise compile all modules each time.
test test-fast coverage: export PYTHONDONTWRITEBYTECODE :=

.PHONY: test
test: $(STAMP) ## Run the whole suite, on SQLite and PostgreSQL
	@$(PYTEST) $(ARGS)

.PHONY: test-fast
test-fast: $(STAMP) ## Run what needs no server and little time, on SQLite
	@$(PYTEST) --fast $(ARGS)

.PHONY: coverage
coverage: $(STAMP) ## Run the whole suite and show which lines it does not reach
	@$(PYTEST) --cov --cov-report=term:skip-covered $(ARGS)

.PHONY: lint
lint: $(STAMP) ## Check style, format, types and imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: format
format: $(STAMP) ## Format the code and apply the fixes of ruff
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: bench
bench: $(STAMP) ## Measure, and print the table
	@$(BIN)/python -m tests.benchmarks $(ARGS)

.PHONY: chaos
chaos: $(STAMP) ## Kill workers, relays and brokers under load, and count results
	@$(BIN)/python -m tests.chaos $(ARGS)

.PHONY: races
races: $(STAMP) ## Run the races of hot codes and of locks 200 times, on PostgreSQL
	@$(BIN)/python -m pytest -n 0 --database postgresql --race-repetitions 200 \
		tests/coupon_core/services/coupons/test_hot_races.py \
		tests/coupon_core/services/coupons/test_lock_races.py $(ARGS)

.PHONY: sdk-openapi
sdk-openapi: $(STAMP) ## Write the OpenAPI documents from which the TypeScript SDK is built
	@$(BIN)/python -m tests.sdk.typescript.openapi_files

.PHONY: sdk-kills-typescript
sdk-kills-typescript: $(STAMP) ## Kill a gateway after each of 200 redeems through the TypeScript SDK
	@SDK_KILLS=200 $(BIN)/python -m pytest -n 0 -s \
		tests/sdk/typescript/test_killed_gateway.py $(ARGS)

.PHONY: sdk-bench-typescript
sdk-bench-typescript: $(STAMP) ## Measure the client CPU of the TypeScript SDK beside bare fetch
	@$(BIN)/python -m tests.sdk.typescript.overhead $(ARGS)

.PHONY: ha
ha: $(STAMP) ## Kill each part of a cluster under load, and count results
	@$(BIN)/python -m tests.ha $(ARGS)

.PHONY: check-api-docs
check-api-docs: $(STAMP) ## Check the API documents and the answers with tools from PyPI and npm
	@$(BIN)/python -m tests.apidoc
	$(BIN)/pytest tests/test_openapi.py -n 2 --openapi-examples 20

# Versions for all platforms and for Python 3.11 and newer, with hashes and without the
# address of an index. `make lock ARGS=--upgrade` selects newer versions.
.PHONY: lock
lock: $(STAMP) ## Regenerate requirements.lock from pyproject.toml
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet \
		--universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate $(ARGS) \
		tests/apidoc/requirements.in --output-file tests/apidoc/requirements.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet \
		--universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate $(ARGS) \
		tests/ha/requirements.in --output-file tests/ha/requirements.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet \
		--universal --python-version 3.11 --all-extras --generate-hashes \
		--no-emit-index-url --no-annotate $(ARGS) \
		pyproject.toml --output-file requirements.lock

.PHONY: clean
clean: ## Remove the environment and all caches, but no data in ./var
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache \
		.hypothesis .import_linter_cache
	rm -rf sdk/typescript/node_modules sdk/typescript/dist sdk/typescript/src/openapi
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: setup
setup: $(STAMP) ## Make .venv only

define FIND_PYTHON
find_python() { \
	for p in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14; do \
		"$$p" -c "$$1" >/dev/null 2>&1 && command -v "$$p" && return; \
	done; \
	return 1; \
}
endef

# Uses uv if it is installed, otherwise venv and pip. A Python is usable if it runs
# (shims of version managers may not), is new enough, and can create environments.
$(STAMP): pyproject.toml requirements.lock
	@set -eu; \
	unset PYTHONHOME PYTHONPATH VIRTUAL_ENV; export PIP_USER=0; \
	$(FIND_PYTHON); \
	new='import sys; assert sys.version_info >= (3, 11)'; \
	if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then uv=uv; \
	else uv=; new="$$new; import ensurepip, venv"; fi; \
	if ! test -x $(BIN)/python || ! test -f $(STAMP) \
		|| test "$$(cat $(STAMP))" != '$(CURDIR)'; then rm -rf $(VENV); fi; \
	rm -f $(STAMP); \
	if test -d $(VENV); then \
		echo "Bringing $(VENV) up to date…"; \
	else \
		python=$$(find_python "$$new") || { \
			echo "No Python 3.11 or newer was found that can create environments." >&2; \
			echo "Install one (on Debian and Ubuntu with its -venv package)," >&2; \
			echo "or select one: make PYTHON=/path/to/python3" >&2; \
			exit 1; \
		}; \
		echo "Setting up $(VENV) with $$python (first time, about a minute)…"; \
		if test -n "$$uv"; then uv venv --quiet --python "$$python" $(VENV); \
		else "$$python" -m venv $(VENV); fi; \
	fi; \
	if test -n "$$uv"; then \
		test -w "$${HOME:-/nonexistent}" || export UV_NO_CACHE=1; \
		pip="uv pip install --quiet --python $(BIN)/python"; \
	else \
		pip="$(BIN)/python -m pip install -qq --disable-pip-version-check"; \
	fi; \
	$$pip --require-hashes --only-binary :all: -r requirements.lock; \
	$$pip --no-build-isolation --no-deps --editable .; \
	printf '%s\n' '$(CURDIR)' > $(STAMP)
