# make demo: install into .venv and see the main job done. make test: set up and run the tests. make check: all that
# must pass before a commit. make check-all: that and the slow tests. make docs: the site, in docs/_build/html.
# make fuzz: mutated input of all sorts, for a minute or as FUZZ says, such as FUZZ="--count 1000 --seed 2 --only
# conllu". make bench: the speed tables of benchmarks/.
PYTHON ?= python3
BIN := .venv/bin
SAMPLES := corpora/samples/UD_English-Sample
SENTENCE ?= Anna liked the new school, which was too small for the city.
.PHONY: demo test test-all lint check check-all docs fuzz bench format clean
FUZZ ?= --seconds 60

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "depparse needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/.developed: .venv/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: .venv/.installed
	@echo; echo "1. Train a tagger, lemmatizer and parser on 60 English sentences: about half a minute."; echo
	@rm -rf .venv/demo
	$(BIN)/depparse train demo --treebank $(SAMPLES) --output .venv/demo
	@echo; echo "2. What it is."; echo
	$(BIN)/depparse info .venv/demo
	@echo; echo "3. Parse test sentences and score them, as the official scorer of the CoNLL shared tasks does."; echo
	$(BIN)/depparse parse $(SAMPLES)/en_sample-ud-test.conllu --model .venv/demo -o .venv/parsed.conllu
	$(BIN)/depparse evaluate $(SAMPLES)/en_sample-ud-test.conllu .venv/parsed.conllu
	@echo; echo "4. Parse a new sentence from plain text, and draw it."; echo
	echo "$(SENTENCE)" | $(BIN)/depparse parse --model .venv/demo | $(BIN)/depparse show
	@echo; echo "Sixty sentences teach little. depparse train --help says how to train on a treebank of your own."

test: .venv/.developed
	$(BIN)/python -m pytest -n auto -m "not slow"

test-all: .venv/.developed
	$(BIN)/python -m pytest -n auto

lint: .venv/.developed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test

check-all: lint test-all

docs: .venv/.developed
	$(BIN)/python -m sphinx -W --keep-going -q -d docs/_build/doctrees docs docs/_build/html
	@echo "The site is in docs/_build/html/index.html."

fuzz: .venv/.developed
	$(BIN)/python -m tests.fuzzing $(FUZZ)

bench: .venv/.developed
	$(BIN)/python benchmarks/reading.py
	$(BIN)/python benchmarks/scoring.py
	$(BIN)/python benchmarks/decoding.py
	$(BIN)/python benchmarks/networks.py
	$(BIN)/python benchmarks/raw.py en

format: .venv/.developed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv dist build docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis
