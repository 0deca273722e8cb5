"""Scores of a model's enhanced graphs beside those of copies of the basic tree in DEPS, gold and predicted.

    python benchmarks/enhanced.py GOLD.conllu [--model MODEL]

Scores are F1 in percent from gold sentences and words: ELAS and EULAS as officially defined, which leave out edges from
empty nodes, and the same after collapsing the empty nodes of both sides. Without a model, only the copied gold tree is
scored. Below the table stand the scores of the model's empty nodes. The last line says how many labels the tree
determines: how many edges of GOLD get their label back after the words in it were replaced by a class, and how many
different labels and classes there are.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import depparse
from depparse.document.document import Document
from depparse.document.graphs import collapsed, collapsed_edges
from depparse.document.sentence import Sentence
from depparse.evaluation.empty_nodes import EMPTY_NODES
from depparse.evaluation.pair import Pair
from depparse.evaluation.report import SectionReport
from depparse.evaluation.ud import evaluate
from depparse.features.graph_labels import LabelWords
from depparse.formats.conllu import read_conllu

HEAD = ("DEPS", "LAS", "ELAS", "EULAS", "ELAS, collapsed", "EULAS, collapsed")


def copied(sentences: Iterable[Sentence]) -> Document:
    """Copies of the sentences, with the basic tree as their graph and without empty nodes."""
    copies = []
    for sentence in sentences:
        arcs = zip(sentence.columns["HEAD"], sentence.columns["DEPREL"], strict=True)
        columns = sentence.columns | {"DEPS": [f"{head}:{relation}" for head, relation in arcs]}
        copies.append(Sentence(columns, sentence.comments, sentence.mwts))
    return Document(copies)


def row(name: str, gold: Document, system: Document) -> str:
    """A row of the table with the scores of a system."""
    raw, whole = evaluate(gold, system), evaluate(collapsed(gold), collapsed(system))
    values = (raw["LAS"], raw["ELAS"], raw["EULAS"], whole["ELAS"], whole["EULAS"])
    return f"| {name} | {' | '.join(f'{100 * score.f1:.2f}' for score in values)} |"


def coverage(document: Document) -> str:
    """A line with how many edges get their labels back after the words in these are taken out and put in again."""
    labels: set[str] = set()
    classes: set[str] = set()
    right = total = 0
    for sentence in document:
        columns = sentence.columns
        words = LabelWords(sentence.heads, columns["DEPREL"], columns["FORM"], columns["LEMMA"])
        for word, edges in enumerate(collapsed_edges(sentence), 1):
            for _, label in edges:
                label_class = words.delexicalize(word, label)
                labels.add(label)
                classes.add(label_class)
                right += words.relexicalize(word, label_class) == label
                total += 1
    return f"{right} of {total} edges come back; {len(labels)} labels, {len(classes)} classes"


def main() -> None:
    """Scores by the command line, and prints the table."""
    parser = argparse.ArgumentParser(description="Enhanced graphs beside copied trees.")
    parser.add_argument("gold", type=Path)
    parser.add_argument("--model", help="the name or the folder of a model")
    options = parser.parse_args()
    gold = read_conllu(options.gold)
    print(f"| {' | '.join(HEAD)} |\n|---{'|--:' * (len(HEAD) - 1)}|")
    print(row("gold tree copied", gold, copied(gold)))
    if options.model is not None:
        system = depparse.load(options.model).reanalyze(gold)
        print(row("predicted tree copied", gold, copied(system)))
        print(row("predicted graph", gold, system))
        print(f"\n{SectionReport.of(Pair(gold, system), EMPTY_NODES).table()}")
    print(f"\n{coverage(gold)}")


if __name__ == "__main__":
    main()
