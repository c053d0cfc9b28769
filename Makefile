# `make` lists the targets. Everything runs in .venv, which the first call creates from requirements/dev.txt.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help test lint unit drills demo bench generate format lock clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

test: $(READY) ## Install dependencies and run every check
	PYTHON=$(PYTHON) scripts/system-packages
	$(MAKE) --no-print-directory lint unit

lint: $(READY) ## Style, types, import direction, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/nundb-exporter generate --check .
	scripts/lint-page

unit: $(READY) ## All tests, with branch coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --ignore tests/drills
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	# Separate: tracing would slow down a dozen clusters in one process.
	$(BIN)/pytest tests/drills

drills: $(READY) ## Break clusters and check that each alert fires; writes docs/drills.md
	PYTHON=$(PYTHON) scripts/system-packages
	$(BIN)/pytest tests/drills --update-golden

demo: $(READY) ## Run three nodes under load, the exporter, and Prometheus where it is installed
	$(BIN)/nundb-exporter demo $(ARGS)

bench: $(READY) ## Measure a scrape; ARGS="--url … --user …" for another node than the embedded one
	$(BIN)/python benchmarks/scrape.py $(ARGS)

generate: $(READY) ## Regenerate dashboards, rules and reference documentation
	$(BIN)/nundb-exporter generate .

format: $(READY) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY) ## Pin the newest versions of all dependencies, with hashes
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" --group dev pyproject.toml -o requirements/dev.txt

clean: ## Remove the environment and all caches
	rm -rf $(VENV) .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache dist

$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || PYTHON=$(PYTHON) scripts/system-packages
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@
