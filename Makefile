# make demo: install into .venv and see the main job done. make test: set up and run the tests. make check: all that
# must pass before a commit. make bench: the speed tables of benchmarks/.
PYTHON ?= python3
BIN := .venv/bin
SAMPLE := corpora/samples/UD_English-Sample/en_sample-ud-test.conllu
.PHONY: demo test check bench format clean

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "depparse needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/.developed: .venv/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: .venv/.installed
	$(BIN)/depparse corpora check corpora/samples/UD_English-Sample
	rm -rf .venv/demo
	$(BIN)/depparse train demo --treebank corpora/samples/UD_English-Sample --output .venv/demo
	$(BIN)/depparse parse $(SAMPLE) --model .venv/demo -o .venv/parsed.conllu
	$(BIN)/depparse evaluate $(SAMPLE) .venv/parsed.conllu
	$(BIN)/depparse convert .venv/parsed.conllu --to conllu | head -n 20

test: .venv/.developed
	$(BIN)/python -m pytest -n auto

check: .venv/.developed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto

bench: .venv/.developed
	$(BIN)/python benchmarks/reading.py
	$(BIN)/python benchmarks/scoring.py
	$(BIN)/python benchmarks/decoding.py

format: .venv/.developed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
