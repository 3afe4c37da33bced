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
# The same for what only tests and checks need, and for the tools that check deploy/.
TEST_STAMP := $(VENV)/.complete-test
DEPLOY_STAMP := .venv-deploy/.complete
# Written when the scripts, styles and translations of the console are complete.
CONSOLE := admin_gateway/console
CONSOLE_STAMP := $(VENV)/.console
ifneq ($(shell test -x $(BIN)/python && cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-21s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)

.PHONY: run
run: $(STAMP) $(CONSOLE_STAMP) ## Start everything on this machine; Ctrl-C stops it
	@$(BIN)/couponctl db upgrade >/dev/null
	@$(BIN)/couponctl demo load --if-enabled >/dev/null
	@exec $(BIN)/couponctl serve all

# Two test processes more than CI has cores, because many tests wait for other processes.
PYTEST := $(BIN)/python -m pytest -n 4 --dist worksteal
# Tests start hundreds of processes, which would otherwise compile all modules each time.
test test-fast coverage: export PYTHONDONTWRITEBYTECODE :=

.PHONY: test
test: $(TEST_STAMP) $(CONSOLE_STAMP) ## Run the whole suite, on SQLite and PostgreSQL
	@$(PYTEST) $(ARGS)

.PHONY: test-fast
test-fast: $(TEST_STAMP) $(CONSOLE_STAMP) ## Run what needs no server and little time, on SQLite
	@$(PYTEST) --fast $(ARGS)

.PHONY: coverage
coverage: $(TEST_STAMP) ## Run the whole suite and show which lines it does not reach
	@$(PYTEST) --cov --cov-report=term:skip-covered $(ARGS)

.PHONY: lint
lint: $(TEST_STAMP) ## Check style, format, types and imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pyright --project sdk/python --pythonpath $(BIN)/python
	@$(BIN)/python -m tests.sdk.sample_types
	@$(BIN)/lint-imports

.PHONY: format
format: $(TEST_STAMP) ## Format the code and apply the fixes of ruff
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: bench
bench: $(TEST_STAMP) ## Measure, and print the table
	@$(BIN)/python -m tests.benchmarks $(ARGS)

.PHONY: screenshot
screenshot: $(TEST_STAMP) $(CONSOLE_STAMP) ## Take docs/console.png, which the README shows
	@$(BIN)/python -m tests.browser $(ARGS)

.PHONY: chaos
chaos: $(TEST_STAMP) ## Kill workers, relays and brokers under load, and count results
	@$(BIN)/python -m tests.chaos $(ARGS)

.PHONY: races
races: $(TEST_STAMP) ## Run the races of hot codes and of locks 200 times, on PostgreSQL
	@$(BIN)/python -m pytest -n 0 --database postgresql --race-repetitions 200 \
		tests/coupon_core/services/coupons/test_hot_races.py \
		tests/coupon_core/services/coupons/test_lock_races.py $(ARGS)

.PHONY: sweeps
sweeps: $(TEST_STAMP) $(CONSOLE_STAMP) ## Run in full the tests of which the suite runs a part
	@$(PYTEST) --sweeps --model-examples 200 \
		tests/admin_gateway/console/test_bad_input.py tests/authorization \
		tests/browser/test_console.py \
		tests/coupon_core/web/test_connection_attacks.py tests/stateful \
		tests/coupon_core/web/http_worker/test_parser_against_h11.py $(ARGS)

.PHONY: sdk-kills
sdk-kills: $(TEST_STAMP) ## Kill a gateway after each of 200 redeems through each SDK
	@$(BIN)/python -m pytest -n 0 -s --sdk-kills 200 tests/sdk/test_killed_gateway.py $(ARGS)

.PHONY: sdk-bench
sdk-bench: $(TEST_STAMP) ## Measure the client CPU of each SDK beside bare httpx2 and fetch
	@$(BIN)/python -m tests.sdk.overhead $(ARGS)

.PHONY: sdk-openapi
sdk-openapi: $(TEST_STAMP) ## Write the OpenAPI documents from which the TypeScript SDK is built
	@$(BIN)/python -m tests.sdk.typescript.openapi_files

.PHONY: ha
ha: $(TEST_STAMP) ## Kill each part of a cluster under load, and count results
	@$(BIN)/python -m tests.ha $(ARGS)

.PHONY: drills
drills: $(TEST_STAMP) ## Follow the procedures for backups with much data, and check the results
	@$(BIN)/python -m tests.drills $(ARGS)

.PHONY: deploy-check
deploy-check: $(DEPLOY_STAMP) ## Check what is in deploy/ with the tools that read it
	@$(BIN)/python -m tests.deploy $(ARGS)

.PHONY: check-api-docs
check-api-docs: $(TEST_STAMP) ## Check the API documents and the answers with tools from PyPI and npm
	@$(BIN)/python -m tests.apidoc
	$(BIN)/pytest tests/test_openapi.py -n 2 --openapi-examples 20

# Versions for all platforms and for Python 3.11 and newer, with hashes and without the
# address of an index. `make lock ARGS=--upgrade` selects newer versions. Each lock keeps
# to the versions of those before it, so that one environment can hold them all.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet \
	--universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-emit-package coupons-sdk $(ARGS)

.PHONY: lock
lock: $(TEST_STAMP) ## Regenerate the lock files from pyproject.toml
	@$(COMPILE) --extra embedded --extra console-build \
		pyproject.toml --output-file requirements.lock
	@$(COMPILE) --constraint requirements.lock \
		--extra embedded --extra console-build --extra oidc --extra test --extra dev \
		pyproject.toml --output-file requirements-test.lock
	@$(COMPILE) --constraint requirements-test.lock --extra deploy --extra otel \
		pyproject.toml --output-file requirements-deploy.lock
	@$(COMPILE) --constraint requirements-deploy.lock \
		--extra console-build --extra oidc --extra otel pyproject.toml \
		--output-file requirements-image.lock
	@$(COMPILE) tests/apidoc/requirements.in --output-file tests/apidoc/requirements.lock
	@$(COMPILE) tests/ha/requirements.in --output-file tests/ha/requirements.lock
	@$(COMPILE) tests/drills/requirements.in \
		--output-file tests/drills/requirements.lock

DIST := dist

.PHONY: dist
dist: $(TEST_STAMP) ## Build wheels and source distributions of couponctl and coupons-sdk
	@rm -rf $(DIST)
	@for project in sdk/python .; do $(BIN)/uv build --quiet --no-build-isolation \
		--python $(BIN)/python --out-dir $(DIST) $$project || exit 1; done

.PHONY: clean
clean: ## Remove the environment and all caches, but no data in ./var
	rm -rf $(VENV) .venv-deploy dist build .pytest_cache .mypy_cache .ruff_cache \
		.hypothesis .import_linter_cache
	rm -rf sdk/typescript/node_modules sdk/typescript/dist sdk/typescript/src/openapi
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: setup
setup: $(TEST_STAMP) $(CONSOLE_STAMP) ## Make .venv only, with all that tests and checks need

define FIND_PYTHON
find_python() { \
	for p in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14; do \
		"$$p" -c "$$1" >/dev/null 2>&1 && command -v "$$p" && return; \
	done; \
	return 1; \
}
endef

# Installs what a lock file names into .venv, with uv if that is installed.
define DEFINE_PIP
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV; export PIP_USER=0; \
if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then \
	uv=uv; test -w "$${HOME:-/nonexistent}" || export UV_NO_CACHE=1; \
	pip="uv pip install --quiet --python $(BIN)/python"; \
else \
	uv=; pip="$(BIN)/python -m pip install -qq --disable-pip-version-check"; \
fi; \
install_lock() { $$pip --require-hashes --only-binary :all: -r "$$1"; }
endef

# Uses uv if it is installed, otherwise venv and pip. A Python is usable if it runs
# (shims of version managers may not), is new enough, and can create environments.
$(STAMP): pyproject.toml requirements.lock sdk/python/pyproject.toml
	@set -eu; \
	$(DEFINE_PIP); \
	$(FIND_PYTHON); \
	new='import sys; assert sys.version_info >= (3, 11)'; \
	test -n "$$uv" || new="$$new; import ensurepip, venv"; \
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
	install_lock requirements.lock; \
	$$pip --no-build-isolation --no-deps --editable sdk/python --editable .; \
	printf '%s\n' '$(CURDIR)' > $(STAMP)

$(TEST_STAMP): $(STAMP) requirements-test.lock
	@set -eu; $(DEFINE_PIP); rm -f $@; \
	echo "Adding what tests and checks need…"; \
	install_lock requirements-test.lock; \
	touch $@

# Without the npm registry it says so and goes on; the next start tries again.
$(CONSOLE_STAMP): $(STAMP) $(CONSOLE)/package-lock.json \
		$(wildcard $(CONSOLE)/translations/*/*.po)
	@$(BIN)/python -m admin_gateway.console.build && touch $@ || test $$? = 75

$(DEPLOY_STAMP): $(TEST_STAMP) requirements-deploy.lock
	@rm -rf $(@D)
	@$(BIN)/uv venv --quiet --python $(BIN)/python $(@D)
	@$(BIN)/uv pip install --quiet --python $(@D)/bin/python --require-hashes \
		--only-binary :all: -r requirements-deploy.lock
	@touch $@
