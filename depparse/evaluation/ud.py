"""Scores of trees: those of the official scorer of the CoNLL 2018 and IWPT 2020 shared tasks, and a few more."""

from __future__ import annotations

import os

from depparse.arguments import check_type
from depparse.document.document import Document
from depparse.evaluation.metrics import scores_of
from depparse.evaluation.pair import read_pair
from depparse.evaluation.scores import TREES, Scores
from depparse.files import PathLike


def evaluate(gold: PathLike | Document, system: PathLike | Document) -> Scores:
    """Scores of `system` against `gold`, each a path or a Document, by the metrics of `depparse.evaluation.metrics`.

    The files must have the same text, spaces aside; sentences, tokens and words may differ. Raises EvaluationError if
    the texts differ and FormatError if a file is broken or holds anything but trees with one root.
    """
    for name, given in (("gold", gold), ("system", system)):
        check_type(given, (str, os.PathLike, Document), name, "a path or a Document")
    return Scores(scores_of(TREES, read_pair(gold, system)))
