"""The knowledge of a kind of annotation is in its own file; the other files that name a kind are listed here."""

from __future__ import annotations

import ast
from pathlib import Path

import depparse
from depparse.document.annotations import kinds

PACKAGE = Path(depparse.__file__).parent
# These parts are about single annotations: tasks predict them, metrics score them, drawings show them.
OWN_SUBJECT = ("tasks", "evaluation", "visualize", "encoders", "layers", "structs")
EXCEPTIONS = ("evaluation/systems.py",)  # a system is given and returns annotation of any kind

# For each file, the columns, attributes of MISC and names for `keep` in it, and the kinds that it imports or asks for.
HOMES = {
    # -- the sentence: Stanza's names for what words and sentences have
    "document/typos.py": "DEPREL FEATS HEAD",
    "document/words.py": "DEPREL DEPS FEATS HEAD LEMMA UPOS XPOS",
    "document/sentence.py": "HEAD entities frames",
    "document/lines.py": "HEAD",  # a head lies in the sentence
    "document/columns.py": "DEPREL DEPS FEATS HEAD LEMMA UPOS XPOS",  # their order in a file
    # -- formats: HEAD is a number that the reader verifies; the lemma of an underscore in the text is an underscore
    "formats/conllu.py": "HEAD",
    "formats/assemble.py": "HEAD",
    "formats/json.py": "FEATS HEAD LEMMA",  # features are a dictionary there
    "formats/pandas.py": "HEAD",
    "formats/arrow.py": "HEAD LEMMA",
    # -- formats of others, with columns or fields of their own
    "formats/tagged.py": "XPOS entities",
    "formats/brackets.py": "XPOS constituents",
    "formats/networkx.py": "DEPS HEAD",
    "formats/nltk.py": "DEPREL FEATS HEAD LEMMA UPOS XPOS",
    "formats/hub.py": "DEPREL DEPS FEATS HEAD LEMMA UPOS XPOS entities ner",
    "formats/hub_lines.py": "DEPREL DEPS HEAD LEMMA UPOS",
    "formats/token_lists.py": "DEPS FEATS HEAD UPOS XPOS",
    "formats/spacy.py": "HEAD",
    "formats/stanza.py": "DEPS HEAD entities",  # numbers and a graph there
    "formats/stanza_cells.py": "NER entities ner",
    "formats/spacy_tokens.py": "DEPREL FEATS HEAD LEMMA UPOS XPOS",  # attributes of spaCy
    # -- treebanks: labels that are counted, and held against those of UD and of train
    "treebanks/treebank.py": "DEPREL FEATS HEAD UPOS",
    "treebanks/profile.py": "DEPREL FEATS HEAD LEMMA UPOS",  # the shape of trees, valency frames, vocabulary
    "treebanks/relabel/draft.py": "DEPREL DEPS FEATS HEAD",  # Grew's names of columns, and arcs that change
    "treebanks/relabel/words.py": "DEPREL DEPS FEATS HEAD",  # words that are split and joined
    "treebanks/relabel/sentences.py": "DEPREL DEPS HEAD",
    "cli/profile.py": "DEPREL FEATS LEMMA UPOS XPOS",  # columns whose values are compared
    "treebanks/checked_file.py": "LEMMA",  # the lemma of an underscore
    "treebanks/comparisons.py": "DEPREL FEATS UPOS graph tree",  # how much of a column may be blank
    # -- treebanks: the rules of UD, which are about its columns
    "treebanks/rules/cells.py": "DEPREL DEPS FEATS UPOS",
    "treebanks/rules/sentences.py": "DEPREL DEPS FEATS HEAD LEMMA UPOS XPOS",
    "treebanks/rules/trees.py": "DEPREL FEATS LEMMA UPOS",
    "treebanks/fixes.py": "DEPREL DEPS FEATS HEAD",  # the order of what cells list, and the edges of empty nodes
    "treebanks/checks.py": "FEATS",  # some rules are for treebanks that have features
    "treebanks/query/conditions.py": "DEPREL LEMMA UPOS XPOS",  # Grew's names of columns
    "treebanks/query/view.py": "DEPREL DEPS FEATS HEAD LEMMA UPOS XPOS",
    # -- trees and graphs
    "features/batch.py": "DEPREL",
    "document/graphs.py": "DEPS",
    "model/codec.py": "HEAD",  # a task that reads trees needs one
    "model/order.py": "tree",  # and comes after it
    "inference/annotator.py": "tree",  # kept heads are constraints of the parser
    "inference/pipeline.py": "frames",  # predicates may be given to be scored without them
    "evaluation/systems.py": "HEAD frames tree",  # and so may trees; chains stand for those that nothing predicts
    "wrappers/stanza_processor.py": "HEAD LEMMA NER UPOS",  # for each, Stanza has a processor with another name
    # -- the hub, which has names of its own for what a model can do
    "model_folder/metadata.py": "DEPS FEATS HEAD LEMMA NER UP:PRED UPOS",
    # -- the server: UDPipe asks for a tagger, which fills these columns, and a parser; HEAD is a method of HTTP, too
    "server/models.py": "DEPREL FEATS HEAD LEMMA UPOS XPOS",
    "server/transport.py": "HEAD",
    # -- training
    "training/gold.py": "DEPREL FEATS HEAD LEMMA UPOS XPOS",  # data that has none of these is not scored as a treebank
    "training/jackknife.py": "tree",
}


def names_in(path: Path, words: set[str], names: set[str]) -> set[str]:
    mentions: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and node.value in words:
            mentions.add(node.value)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("depparse.document.annotations."):
            mentions |= {str(node.module).rpartition(".")[2]} & names
        elif isinstance(node, ast.Call) and (getattr(node.func, "id", "") or getattr(node.func, "attr", "")) in (
            "get_kind",
            "annotation",
            "annotate",
        ):
            mentions |= {a.value for a in node.args if isinstance(a, ast.Constant) and a.value in names}
    return mentions


def test_kinds_are_named_in_these_files_alone() -> None:
    words = {name for kind in kinds() for name in (*kind.columns, *kind.misc, *kind.aliases, *kind.keep)}
    names = {kind.name for kind in kinds()}
    mentions_by_file = {}
    for path in PACKAGE.rglob("*.py"):
        file = path.relative_to(PACKAGE).as_posix()
        if file.startswith("document/annotations/") or (file.startswith(OWN_SUBJECT) and file not in EXCEPTIONS):
            continue
        if mentions := names_in(path, words, names):
            mentions_by_file[file] = " ".join(sorted(mentions))
    assert mentions_by_file == HOMES
