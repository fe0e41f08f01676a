# What a developer does every day. `make help` lists it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
CLIPS  := .cache/clips
DEMO   := mien-results/demo

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench claims robustness clips clean
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv and install mien and its tools into it

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,train]'
	touch $@

clips: $(STAMP) ## fetch the real face footage for tests and demo
	$(BIN)/python scripts/fetch_clips.py

demo: $(STAMP) ## film a synthetic face, analyse it, and say where the report is
	$(BIN)/mien demo --out $(DEMO)
	@echo
	@echo "Open the report in a browser:"
	@echo "$(CURDIR)/$(DEMO)/report.html"

lint: $(STAMP) ## check style, formatting and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

test: clips lint ## everything that a change must pass
	$(BIN)/python -m pytest -q

bench: $(STAMP) clips ## measure speed, memory, spotting, flow and the studio, into benchmarks/README.md
	$(BIN)/python scripts/fetch_clips.py --talk
	$(BIN)/python benchmarks/analyze.py
	$(BIN)/python benchmarks/spotting.py
	$(BIN)/python benchmarks/flow.py
	$(BIN)/python benchmarks/studio.py
	$(BIN)/python benchmarks/synthetic_flow.py
	$(BIN)/python benchmarks/synthetic_spotting.py
	$(BIN)/python benchmarks/flow_logreg.py

claims: $(STAMP) ## put the lecture's claims to the test, into docs/claims.md (over an hour; goes on where it stopped)
	$(BIN)/python benchmarks/claims --jobs 2

robustness: $(STAMP) ## measure what slow, small, noisy and compressed films do, into docs/robustness.md (about half an hour)
	$(BIN)/python benchmarks/robustness --jobs 2

clean: ## remove what was built or cached; .venv, clips and results stay
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
