"""Small models for the tests of encoders, tasks and training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from depparse.config import parse
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import BATCH_WORDS
from depparse.model.codec import ModelConfig
from depparse.model.model import Model

TWO = """\
# sent_id = 1
# text = Anna didn't buy 2 apples.
1\tAnna\tAnna\tPROPN\tNNP\tNumber=Sing\t4\tnsubj\t_\t_
2-3\tdidn't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdid\tdo\tAUX\tVBD\tTense=Past\t4\taux\t_\t_
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_
4\tbuy\tbuy\tVERB\tVB\tVerbForm=Inf\t0\troot\t_\t_
5\t2\t2\tNUM\tCD\tNumType=Card\t6\tnummod\t_\t_
6\tapples\tapple\tNOUN\tNNS\tNumber=Plur\t4\tobj\t_\tSpaceAfter=No
7\t.\t.\tPUNCT\t.\t_\t4\tpunct\t_\t_

# sent_id = 2
# text = Whom did Tom see sleeping?
1\tWhom\twho\tPRON\tWP\tPronType=Int\t5\tnsubj\t_\t_
2\tdid\tdo\tAUX\tVBD\tTense=Past\t4\taux\t_\t_
3\tTom\tTom\tPROPN\tNNP\tNumber=Sing\t4\tnsubj\t_\t_
4\tsee\tsee\tVERB\tVB\tVerbForm=Inf\t0\troot\t_\t_
5\tsleeping\tsleep\tVERB\tVBG\tVerbForm=Ger\t4\txcomp\t_\tSpaceAfter=No
6\t?\t?\tPUNCT\t.\t_\t4\tpunct\t_\t_

"""
TASKS: dict[str, Any] = {
    "tagger": {"type": "tagger", "width": 32, "dropout": 0.1},
    "lemmatizer": {"type": "lemmatizer", "width": 32, "dropout": 0.1},
    "dependencies": {"type": "dependencies", "arc_width": 32, "label_width": 16, "dropout": 0.1},
}
CONTEXTS: dict[str, Any] = {
    "none": None,
    "bilstm": {"type": "bilstm", "width": 32, "layers": 2, "dropout": 0.1},
    "gru": {"type": "bilstm", "cell": "gru", "width": 32, "layers": 1, "dropout": 0.1},
    "linear_recurrent": {"type": "linear_recurrent", "width": 32, "layers": 2, "dropout": 0.1},
}
INPUTS: list[dict[str, Any]] = [
    {"type": "words", "width": 16, "min_count": 1},
    {"type": "characters", "width": 24, "embedding": 8, "min_count": 1},
]


def two_sentences() -> Document:
    return Document.from_conllu(TWO)


def small_model(
    context: str = "linear_recurrent",
    inputs: list[dict[str, Any]] | None = None,
    document: Document | None = None,
    treebanks: Sequence[str] = (),
) -> Model:
    """A seeded model with vocabularies of `document` (by default the two sentences)."""
    torch.manual_seed(1)
    encoder = {"inputs": inputs or INPUTS, "context": CONTEXTS[context], "dropout": 0.1, "input_dropout": 0.1}
    config = parse(ModelConfig, {"encoder": encoder, "tasks": TASKS})
    return Model.build(config, (document or two_sentences()).sentences, treebanks)


def loss_of(model: Model, task: str, *sentences: Sentence) -> torch.Tensor:
    """The loss of the task on a batch of these sentences."""
    batch = model.collate([model.example(sentence, targets=True) for sentence in sentences])
    return model.losses(batch)[task]


def annotated(model: Model, document: Document) -> Document:
    """What the model makes of the words of the document, with a tree in any case."""
    return Pipeline(model).reanalyze(document)


def annotate(model: Model, sentences: Sequence[Sentence], batch_words: int = BATCH_WORDS, source: int = 0) -> None:
    """Puts what the model predicts into the sentences themselves, as of the treebank of number `source`."""
    treebank = model.treebanks[source] if model.treebanks else None
    analysed = Pipeline(model).annotate_stream(sentences, treebank=treebank, batch_words=batch_words)
    for sentence, copy in zip(sentences, analysed, strict=True):
        for name in Sentence.__slots__:
            setattr(sentence, name, getattr(copy, name))


def annotated_copies(model: Model, document: Document, words: int, order: int) -> list[Sentence]:
    """What the model makes of the words of each sentence, in batches of so many words, read in that order (1, -1)."""
    copies = [Sentence.from_forms(sentence.columns["FORM"]) for sentence in document][::order]
    annotate(model, copies, words)
    return copies[::order]


def randomize(model: Model, prefix: str) -> None:
    """Gives the parameters whose names begin so weights that are not zero, always the same."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.startswith(prefix):
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
