"""What is to be known of a kind of annotation stands in its file: the list of all other places that name one."""

from __future__ import annotations

import ast
from pathlib import Path

import depparse
from depparse.data.annotations import kinds

PACKAGE = Path(depparse.__file__).parent
# What is about single annotations by its nature: tasks predict them, metrics score them, drawings show them.
OWN_SUBJECT = ("tasks", "evaluation", "visualize", "encoders", "structs")
BUT = ("evaluation/systems.py",)  # what a system is given and returns, of any kind

# File to the columns, attributes of MISC and names for `keep` in it, and the kinds that it imports or asks for.
HOMES = {
    # -- the sentence: Stanza's names for what words and sentences have
    "data/words.py": "DEPREL DEPS FEATS HEAD LEMMA UPOS XPOS",
    "data/sentence.py": "HEAD entities frames",
    "data/columns.py": "DEPREL DEPS FEATS HEAD LEMMA UPOS XPOS",  # their order in a file
    # -- formats: HEAD is a number that the reader verifies; the lemma of an underscore in the text is an underscore
    "data/conllu.py": "HEAD",
    "data/assemble.py": "HEAD",
    "data/export.py": "HEAD LEMMA",
    "data/arrow.py": "HEAD LEMMA",
    "wrappers/stanza_tokenizer.py": "HEAD LEMMA ner",
    # -- formats of others, with columns or fields of their own
    "data/tagged.py": "XPOS entities",
    "data/hub.py": "DEPREL DEPS FEATS HEAD LEMMA UPOS XPOS entities ner",
    "data/hub_lines.py": "DEPREL DEPS HEAD LEMMA UPOS",
    "data/token_lists.py": "DEPS FEATS HEAD UPOS XPOS",
    # -- treebanks: labels that are counted, and held against those of UD and of train
    "data/treebank.py": "DEPREL FEATS HEAD UPOS",
    "data/checks.py": "LEMMA",  # of an underscore in the text
    "data/comparisons.py": "DEPREL FEATS UPOS graph tree",  # how much of a column may be blank
    # -- what is made of trees and graphs
    "data/batching.py": "DEPREL",
    "data/enhanced.py": "DEPS",
    "model/codec.py": "HEAD",  # a task that reads trees needs one
    "inference/annotator.py": "tree",  # kept heads are constraints of the parser
    "inference/pipeline.py": "frames",  # predicates may be given to be scored without them
    "evaluation/systems.py": "HEAD frames tree",  # and so may trees; chains stand for those that nothing predicts
    # -- training
    "training/gold.py": "DEPREL FEATS HEAD LEMMA UPOS XPOS",  # what has none of these is not scored as a treebank
    "training/jackknife.py": "tree",
}


def names_in(path: Path, words: set[str], names: set[str]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and node.value in words:
            found.add(node.value)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("depparse.data.annotations."):
            found |= {str(node.module).rpartition(".")[2]} & names
        elif isinstance(node, ast.Call) and (getattr(node.func, "id", "") or getattr(node.func, "attr", "")) in (
            "get_kind",
            "annotation",
            "annotate",
        ):
            found |= {a.value for a in node.args if isinstance(a, ast.Constant) and a.value in names}
    return found


def test_kinds_are_named_in_these_places_alone() -> None:
    words = {name for kind in kinds() for name in (*kind.columns, *kind.misc, *kind.aliases, *kind.keep)}
    names = {kind.name for kind in kinds()}
    found = {}
    for path in PACKAGE.rglob("*.py"):
        file = path.relative_to(PACKAGE).as_posix()
        if file.startswith("data/annotations/") or (file.startswith(OWN_SUBJECT) and file not in BUT):
            continue
        if there := names_in(path, words, names):
            found[file] = " ".join(sorted(there))
    assert found == HOMES
