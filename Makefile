# make help lists the targets. Everything runs in the virtual environment .venv, made on first use.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DATA ?=
QUICK ?=
LOCK ?=
SCALE ?= full
SHARE ?= tests/torture
GENERATED := docs/commands.md

.DEFAULT_GOAL := help
.PHONY: help demo examples torture lock test check format transcripts pictures docs wheel bench clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

$(BIN)/celebtool: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(if $(LOCK),$(BIN)/python -m pip install --quiet --require-hashes -r $(LOCK))
	$(BIN)/python -m pip install --quiet --editable '.[demo,dev]'
	@touch $@

demo: $(BIN)/celebtool  ## run the whole pipeline on photos of forty people, a few minutes
	PATH="$(CURDIR)/$(BIN):$$PATH" examples/demo.sh .demo

RECIPES := cnn-14 inceptionv3-two-phases ensemble-mobilenetv2-inceptionv3 vgg16-60 densenet121-mtcnn best
examples: $(BIN)/celebtool  ## run the recipes of five projects, and the best one; DATA=DIR, QUICK=1, WEIGHTS=imagenet|none|FILE
	@test -n "$(DATA)" || { echo "make examples DATA=DIR: expected an image folder" >&2; exit 2; }
	for recipe in $(RECIPES); do \
	    PATH="$(CURDIR)/$(BIN):$$PATH" QUICK="$(QUICK)" examples/$$recipe.sh "$(DATA)" .examples/$$recipe || exit 1; \
	done

torture: $(BIN)/celebtool  ## attack every promise of docs/reliability.md, more than an hour; SCALE=quick SHARE=FILES for a part
	TORTURE=$(SCALE) TORTURE_TABLE=$(if $(filter full,$(SCALE)),docs/reliability.md) \
	    $(BIN)/python -m pytest -n 2 -m '' $(SHARE)

lock: $(BIN)/celebtool  ## choose the package versions that CI installs
	$(BIN)/python .ci/lock.py > requirements.lock.new && mv requirements.lock.new requirements.lock

test: $(BIN)/celebtool  ## run all tests, without a network, under ten minutes on two cores
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(BIN)/celebtool  ## check format, lint, types, import rules and generated documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cog --check $(GENERATED)

format: $(BIN)/celebtool  ## format the code and renew generated documents
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cog -r $(GENERATED)

transcripts: $(BIN)/celebtool  ## run the commands in README.md and docs/tutorial.md again and renew what they print
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python docs/transcripts.py README.md docs/tutorial.md

pictures: $(BIN)/celebtool  ## draw docs/images again; needs Chromium
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python docs/pictures.py

docs: $(BIN)/celebtool  ## make a site of the documents in .site/site, links checked
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	rm -rf .site && mkdir -p .site/source
	cp -r *.md LICENSE docs examples .site/source
	$(BIN)/mkdocs build --strict --config-file docs/mkdocs.yml

wheel: $(BIN)/celebtool  ## build the package in dist/, install it in a fresh environment and test it there
	.ci/wheel $(BIN)/python

bench: $(BIN)/celebtool  ## measure crop-faces against other tools on the demo's photos; DATA=DIR for your own
	$(if $(DATA),,rm -rf .bench && $(BIN)/python examples/att_faces.py .bench/photos)
	$(BIN)/python benchmarks/crop_faces.py $(if $(DATA),$(DATA),.bench/photos) 60
	$(if $(DATA),$(BIN)/python benchmarks/selection.py $(DATA))

clean:  ## remove what the targets above made
	rm -rf .venv .demo .examples .bench .site .wheel dist .mypy_cache .ruff_cache
