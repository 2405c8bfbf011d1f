# make help lists what there is. Everything runs in a virtual environment of its own, .venv, made on first use.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DATA ?=
QUICK ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check format docs bench clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(BIN)/celebtool: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[demo,dev]'
	@touch $@

demo: $(BIN)/celebtool  ## the whole pipeline on real photos of forty people: crops to report, a few minutes
	PATH="$(CURDIR)/$(BIN):$$PATH" examples/demo.sh .demo

test: $(BIN)/celebtool  ## all tests, without a network, under ten minutes on two cores
	$(BIN)/python -m pytest -n 2

check: $(BIN)/celebtool  ## format, lint, types, and documents in step with the code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cog --check README.md

format: $(BIN)/celebtool  ## put code and documents in order
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cog -r README.md

bench: $(BIN)/celebtool  ## measure against what one would otherwise run; DATA=DIR for your own photos
	$(BIN)/python benchmarks/duplicates.py $(DATA)

clean:  ## remove what the targets above made
	rm -rf .venv .demo .bench .mypy_cache .ruff_cache
