# make demo: install into .venv and see the main job done. make test: set up and run the tests. make check: all that
# must pass before a commit. make check-all: that and the slow tests. make docs: the site, in docs/_build/html.
# make test-pages: the slow tests of the pages of README and docs. make fuzz: mutated input of all sorts, for a minute or as FUZZ says, such as FUZZ="--count 1000 --seed 2 --only
# conllu". make bench: the speed tables of benchmarks/. make
# test-lowest: tests with the lowest versions that pyproject.toml allows, or those that LOWEST names. make
# release-check: build, check and try the distributions; with TAG=v1.2.3, see whether that release is ready for PyPI.
PYTHON ?= python3
BIN := .venv/bin
SAMPLES := corpora/samples/UD_English-Sample
SENTENCE ?= Anna liked the new school, which was too small for the city.
.PHONY: demo test test-all test-pages lint check check-all docs fuzz bench test-lowest release-check format clean
FUZZ ?= --seconds 60
# The extras of users, and tests of what depends on libraries most.
EXTRAS = $(shell $(PYTHON) -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	print(*p["optional-dependencies"].keys() - {"dev", "docs"})')
# The tests that run the pages of the documentation and look at its site.
PAGES = tests/server/test_page.py tests/test_outside.py tests/test_readme.py tests/test_site.py tests/test_tutorials.py
LOWEST ?= tests/encoders tests/formats tests/server/test_api.py tests/test_openvino.py tests/training tests/wrappers

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
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow"

test-all: .venv/.developed
	$(BIN)/python -m pytest -n auto --dist loadfile

test-pages: .venv/.developed
	$(BIN)/python -m pytest -n auto --dist loadfile -m slow $(PAGES)

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
	$(BIN)/python benchmarks/searching.py
	$(BIN)/python benchmarks/scoring.py
	$(BIN)/python benchmarks/decoding.py
	$(BIN)/python benchmarks/networks.py
	$(BIN)/python benchmarks/raw.py en

test-lowest:
	$(PYTHON) -m venv .venv/lowest
	.venv/lowest/bin/pip install --quiet --disable-pip-version-check -c constraints-lowest.txt \
		$(EXTRAS:%=-e '.[%]') pytest hypothesis httpx jsonschema
	.venv/lowest/bin/python -m pytest -m "not slow" $(LOWEST)

# The oldest versions that pyproject.toml allows, and the newest of what these need. Packages of CUDA are left to pip.
constraints-lowest.txt: pyproject.toml
	uv pip compile pyproject.toml --quiet --resolution lowest-direct --python-version 3.11 --no-header --no-annotate \
		$(EXTRAS:%=--extra %) | grep -Ev '^(nvidia|cuda|triton)' > $@.new
	sed '/^[^#]/,$$d' $@ | cat - $@.new > $@.all && mv $@.all $@ && rm $@.new

release-check: .venv/.developed
	$(BIN)/python -m tests.release $(if $(TAG),--tag $(TAG)) $(RELEASE)

format: .venv/.developed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv dist build docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis
