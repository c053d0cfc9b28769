# `make` lists the targets. Everything runs in .venv, which the first call makes of what requirements/ pins.
# Another Python, and an environment of its own for it: make PYTHON=python3.13 VENV=.venv-3.13 …

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# A worker for each core; what is slow in one file is shared out.
WORKERS := -n $(shell getconf _NPROCESSORS_ONLN) --dist worksteal
PIN := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --only-binary :all: \
	--custom-compile-command "make lock"
SLOW := browser conformance demo devserver drills environment shipping

# What only shipping needs is many packages, and has an environment of its own.
SHIPPING := $(VENV)-shipping

export PYTHON VENV SHIPPING

.DEFAULT_GOAL := help
.PHONY: help check test lint quick unit drills drills-real image packages site shipping test-kubernetes demo pictures bench generate format lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

check: lint quick ## What most changes need, in two minutes: lint and quick

test: $(READY) ## Every check; installs Prometheus and Chromium where they are missing and it may
	scripts/system-packages tests
	$(MAKE) --no-print-directory lint unit

lint: $(READY) ## Style, types, import direction, scripts, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/nundb-exporter generate --check .
	$(BIN)/shellcheck .ci/run $$(find scripts -maxdepth 1 -type f) deploy/debian/p*
	scripts/lint-page

quick: $(READY) ## The tests of the pure modules, and of the exporter as a program
	$(BIN)/pytest $(WORKERS) -m "not slow" $(SLOW:%=--ignore=tests/%)

unit: $(READY) ## All tests, with branch coverage, and the drills beside them
	$(BIN)/coverage erase
	# Drills mostly wait, so both fit two cores; theirs is a run of its own, because tracing would slow their clusters down.
	$(BIN)/pytest tests/drills > $(VENV)/drills.log 2>&1 & drills=$$!; unit=0; \
	$(BIN)/coverage run -m pytest $(WORKERS) --durations 15 --ignore tests/drills --ignore tests/shipping || unit=$$?; \
	wait $$drills || unit=$$?; cat $(VENV)/drills.log; exit $$unit
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

drills: $(READY) ## Break clusters and check that each alert fires; writes docs/drills.md, of ARGS="-k lane-speed" the rows of that lane
	scripts/system-packages tests
	$(BIN)/pytest tests/drills --update-golden $(ARGS)

drills-real: $(READY) ## The same with a real nun-db and the rules as shipped: NUNDB_BINARY=PATH ARGS="-k NAME"; writes docs/drills-real.md
	$(BIN)/python -m tests.drills.real --nundb-binary "$(NUNDB_BINARY)" --write $(ARGS)

image: ## Build the container image with podman or docker; ARGS="--build-arg DEBIAN=…" for another base
	scripts/image nundb-exporter $(ARGS)

packages: $(SHIPPING)/.ready ## Build wheel, source distribution, Debian package and bill of materials into dist/
	scripts/packages dist

site: $(SHIPPING)/.ready ## Build the documentation as a site into site/; begin at site/index.html
	NO_MKDOCS_2_WARNING=1 $(SHIPPING)/bin/mkdocs build --strict --quiet --config-file website/mkdocs.yml

shipping: $(SHIPPING)/.ready ## Build and try all that users install: packages, image, compose file, chart, site
	scripts/system-packages shipping
	$(SHIPPING)/bin/pytest tests/shipping

test-kubernetes: $(SHIPPING)/.ready ## Apply chart and manifests to a real API server, under the real Prometheus operator
	$(SHIPPING)/bin/pytest tests/shipping/kubernetes

demo: $(READY) ## Run three nodes under load, the exporter, and Prometheus where it is installed
	$(BIN)/nundb-exporter demo $(ARGS)

pictures: $(READY) ## Draw the dashboards in docs/images by Grafana's components, in ten minutes; needs npm and Node.js 20.19
	scripts/system-packages tests
	cd scripts/dashboard-pictures && npm ci && npm run check
	node scripts/dashboard-pictures/draw.mjs $(BIN)/nundb-exporter "$$(command -v chromium)"

bench: $(READY) ## Measure a scrape, the reading of a log and a fleet; ARGS="--url … --user …" for another node than the embedded one
	$(BIN)/python benchmarks/scrape.py $(ARGS)
	$(BIN)/python benchmarks/log.py
	$(BIN)/python benchmarks/fleet.py

generate: $(READY) ## Regenerate dashboards, rules, reference documentation, manual page and completions
	$(BIN)/nundb-exporter generate .

format: $(READY) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY) ## Pin the newest versions of all dependencies, with hashes
	$(PIN) --group uv -o requirements/uv.txt
	$(PIN) --group oldest-pip -o requirements/oldest-pip.txt
	$(PIN) --group newest-pip -o requirements/newest-pip.txt
	$(PIN) --group dev pyproject.toml -c requirements/uv.txt -o requirements/dev.txt
	$(PIN) --group shipping pyproject.toml -c requirements/dev.txt -o requirements/shipping.txt
	$(PIN) --group build -c requirements/dev.txt -o requirements/build.txt
	$(PIN) pyproject.toml -c requirements/dev.txt -o requirements/run.txt

clean: ## Remove the environment and all caches
	rm -rf $(VENV) $(SHIPPING) .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache dist site

$(READY): requirements/uv.txt requirements/dev.txt pyproject.toml
	scripts/environment $(VENV) requirements/dev.txt
	@touch $@

$(SHIPPING)/.ready: requirements/uv.txt requirements/shipping.txt pyproject.toml
	scripts/environment $(SHIPPING) requirements/shipping.txt
	@touch $@
