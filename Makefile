# Everything from a fresh clone; `make help` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Cells and test workers are processes; a second thread in each only makes them wait.
export OMP_NUM_THREADS = 1
export TOKENIZERS_PARALLELISM = false

INSTALLED := $(VENV)/installed

.PHONY: help install benchmark test lint gate gate-baseline runs/gate perf sandbox-image embedded-model agreement suites clean

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED)  ## set up the virtual environment in .venv

# Debian keeps ensurepip in a package of its own: without it, get_pip.py does its job.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "goodhart-bench needs Python 3.11 or newer: make PYTHON=python3.11"; exit 2; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 \
	  || { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) harness/get_pip.py $(BIN)/python; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

# Without an engine or without network the benchmark still runs, judged statically: the tool says so.
sandbox-image: $(INSTALLED)  ## build the image with the real tools, for Docker and bubblewrap
	@$(BIN)/goodhart-bench sandbox build

benchmark: $(INSTALLED)  ## run the main job: all trainers, both tables (PROFILE=quick)
	@$(BIN)/goodhart-bench sandbox build || echo "Going on without a sandbox: tables will say 'not executed'."
	@$(BIN)/goodhart-bench benchmark --profile $(or $(PROFILE),quick)

test: $(INSTALLED)  ## run every test, those in the sandbox too where one is usable
	@$(BIN)/goodhart-bench sandbox build || [ -z "$$GOODHART_REQUIRE_SANDBOX" ]
	$(BIN)/python -m pytest -n $(or $(WORKERS),2)

lint: $(INSTALLED)  ## ruff and mypy (strict)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Judged by the checker alone, so that the baseline does not depend on an image.
runs/gate: $(INSTALLED)
	rm -rf $@
	$(BIN)/goodhart-bench eval --sandbox none --out $@

gate: runs/gate  ## hold the embedded model against .ci/baseline.json
	$(BIN)/goodhart-bench gate runs/gate --baseline .ci/baseline.json

gate-baseline: runs/gate  ## make the embedded model of now the baseline
	$(BIN)/goodhart-bench gate runs/gate --baseline .ci/baseline.json --update

perf: $(INSTALLED)  ## timings, as ratios within one run
	$(BIN)/python -m benchmarks

embedded-model: $(INSTALLED)  ## train the embedded model anew from its recipe (30 minutes at most)
	$(BIN)/python -m harness.embedded.train

agreement: $(INSTALLED)  ## hold the checker against the real tools (MUTATORS=development, TOOLS="nmap curl")
	@$(BIN)/goodhart-bench agreement --mutators $(or $(MUTATORS),development) $(TOOLS:%=--tool %)

suites: $(INSTALLED)  ## draw the rows of recon anew, prove both suites, write the datasheet
	$(BIN)/python -m tasks.generate
	$(BIN)/goodhart-bench suite check seed20
	$(BIN)/goodhart-bench suite check recon
	$(BIN)/goodhart-bench suite datasheet recon

clean:  ## remove the virtual environment, caches and build products; runs and images stay
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
