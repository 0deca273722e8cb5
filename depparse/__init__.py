"""depparse: train, run and evaluate dependency parsers on Universal Dependencies treebanks.

Names are loaded when they are first used, so ``import depparse`` is fast, and reading and scoring need no torch.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depparse.document.document import Document as Document
    from depparse.document.sentence import Sentence as Sentence
    from depparse.document.spans import Argument as Argument
    from depparse.document.spans import Frame as Frame
    from depparse.document.spans import Span as Span
    from depparse.document.words import EmptyNode as EmptyNode
    from depparse.document.words import Token as Token
    from depparse.document.words import Word as Word
    from depparse.errors import ConfigError as ConfigError
    from depparse.errors import DepparseError as DepparseError
    from depparse.errors import DownloadError as DownloadError
    from depparse.errors import EvaluationError as EvaluationError
    from depparse.errors import FormatError as FormatError
    from depparse.errors import ModelError as ModelError
    from depparse.evaluation.differences import diff as diff
    from depparse.evaluation.scores import Scores as Scores
    from depparse.evaluation.ud import evaluate as evaluate
    from depparse.experiments.experiment import experiment as experiment
    from depparse.formats.conllu import iter_conllu as iter_conllu
    from depparse.formats.conllu import parse_conllu as parse_conllu
    from depparse.formats.conllu import read_conllu as read_conllu
    from depparse.formats.conllu import write_conllu as write_conllu
    from depparse.formats.table import read as read
    from depparse.formats.table import write as write
    from depparse.inference.load import load as load
    from depparse.inference.pipeline import Pipeline as Pipeline
    from depparse.inference.request import Request as Request
    from depparse.structs.constraints import Constraints as Constraints
    from depparse.training.train import train as train
    from depparse.treebanks.query.search import parse_pattern as parse_pattern
    from depparse.treebanks.relabel.documents import relabel as relabel
    from depparse.treebanks.relabel.syntax import parse_rules as parse_rules
    from depparse.visualize.svg import draw_svg as draw_svg
    from depparse.visualize.terminal import draw_tree as draw_tree
    from depparse.wrappers.spacy import spacy_pipeline as spacy_pipeline
    from depparse.wrappers.stanza import stanza_pipeline as stanza_pipeline

__version__ = "0.2.0.dev0"

_HOME = {
    "Argument": "document.spans",
    "ConfigError": "errors",
    "Constraints": "structs.constraints",
    "DepparseError": "errors",
    "Document": "document.document",
    "DownloadError": "errors",
    "EmptyNode": "document.words",
    "EvaluationError": "errors",
    "FormatError": "errors",
    "Frame": "document.spans",
    "ModelError": "errors",
    "Pipeline": "inference.pipeline",
    "Request": "inference.request",
    "Scores": "evaluation.scores",
    "Sentence": "document.sentence",
    "Span": "document.spans",
    "Token": "document.words",
    "Word": "document.words",
    "diff": "evaluation.differences",
    "draw_svg": "visualize.svg",
    "draw_tree": "visualize.terminal",
    "evaluate": "evaluation.ud",
    "experiment": "experiments.experiment",
    "iter_conllu": "formats.conllu",
    "load": "inference.load",
    "parse_conllu": "formats.conllu",
    "parse_pattern": "treebanks.query.search",
    "parse_rules": "treebanks.relabel.syntax",
    "read": "formats.table",
    "read_conllu": "formats.conllu",
    "relabel": "treebanks.relabel.documents",
    "spacy_pipeline": "wrappers.spacy",
    "stanza_pipeline": "wrappers.stanza",
    "train": "training.train",
    "write": "formats.table",
    "write_conllu": "formats.conllu",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"depparse.{_HOME[name]}"), name)
    raise AttributeError(f"module 'depparse' has no attribute {name!r}", name=name, obj=sys.modules[__name__])


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
