"""Small models, built with a seed, randomized or trained for a moment; and their annotation of sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch

from depparse.config import parse
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import BATCH_WORDS
from depparse.model.codec import ModelConfig
from depparse.model.model import Model
from depparse.model_folder.facts import DataFile, Facts, ScoreRow
from depparse.tasks.dependencies.network import Dependencies
from depparse.training.loop import TrainingConfig, train
from tests.recipes import CONTEXTS, INPUTS, QUICK, TASKS
from tests.sentences import bare, two_sentences

# Training writes such facts beside a model.
FACTS = Facts(
    data=(
        DataFile(
            split="train",
            file="sv_test-ud-train.conllu",
            sha256="0123456789abcdef",
            language="Swedish",
            licence="CC0 1.0",
        ),
    ),
    scores=(
        ScoreRow(data="dev", source="words", f1={"UPOS": 0.97, "LAS": 0.8812}),
        ScoreRow(data="dev", source="text", f1={"Words": 0.9901, "LAS": 0.8543}),
    ),
)

# -- models


def model_of(
    tasks: dict[str, Any],
    document: Document | None = None,
    context: str = "bilstm",
    *,
    inputs: list[dict[str, Any]] | None = None,
    dropout: float = 0.1,
    treebanks: Sequence[str] = (),
) -> Model:
    """A seeded model of these tasks by name, with vocabularies of `document` (by default the two sentences)."""
    torch.manual_seed(1)
    encoder = {
        "inputs": inputs or INPUTS, "context": CONTEXTS[context], "dropout": dropout, "input_dropout": dropout
    }  # fmt: skip
    config = parse(ModelConfig, {"encoder": encoder, "tasks": tasks})
    return Model.build(config, (document or two_sentences()).sentences, treebanks)


def small_model(
    context: str = "linear_recurrent",
    inputs: list[dict[str, Any]] | None = None,
    document: Document | None = None,
    treebanks: Sequence[str] = (),
) -> Model:
    """A seeded model with a tagger, a lemmatizer and a parser."""
    return model_of(TASKS, document, context, inputs=inputs, treebanks=treebanks)


def random_model(tasks: dict[str, Any], document: Document, prefix: str = "tasks.") -> Model:
    """An untrained model whose tasks have random weights, also those that begin as zeros, so it finds something."""
    model = model_of(tasks, document)
    randomize(model, prefix)
    return model


def learned(tasks: dict[str, Any], document: Document) -> Model:
    """A model that knows the document by heart."""
    model = model_of(tasks, document)
    learn(model, document)
    return model


def randomize(model: Model, prefix: str) -> None:
    """Sets the parameters whose names begin with the prefix to random weights, the same in each call."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.startswith(prefix):
                parameter.copy_(torch.randn(parameter.shape, generator=generator))


def learn(model: Model, sentences: Iterable[Sentence], config: TrainingConfig = QUICK) -> None:
    """Trains the model on the sentences, without dev data."""
    for _ in train(model, [model.example(sentence, targets=True) for sentence in sentences], config, lambda: 0.0):
        pass


def loss_of(model: Model, task: str, *sentences: Sentence) -> torch.Tensor:
    """The loss of the task on a batch of these sentences."""
    batch = model.collate([model.example(sentence, targets=True) for sentence in sentences])
    return model.losses(batch)[task]


# -- annotation of sentences


def annotated(model: Model, document: Document) -> Document:
    """The model's annotation of the words of the document; a model without a parser gives chains as trees."""
    return Pipeline(model).reanalyze(document)


def annotated_copies(
    model: Model, document: Document, batch_words: int = BATCH_WORDS, order: int = 1, *, probabilities: bool = False
) -> list[Sentence]:
    """The model's annotation of the words of each sentence, in batches of `batch_words` words.

    The sentences are read forwards if `order` is 1, backwards if it is -1.
    """
    copies = bare(document).sentences[::order]
    annotated = Pipeline(model).annotate_stream(copies, batch_words=batch_words, probabilities=probabilities)
    return list(annotated)[::order]


# -- parsers


def parser_of(model: Model) -> Dependencies:
    """The network of the model's parser."""
    parser = model.tasks["dependencies"]
    assert isinstance(parser, Dependencies)
    return parser


def clear_pipeline(*, projective: bool = False, document: Document | None = None, longest: int = 1000) -> Pipeline:
    """A small model whose scores of arcs and labels are random, but so different that rounding decides no tree."""
    model = small_model(document=document)
    parser = parser_of(model)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        parser.arcs.normal_(std=6, generator=generator)
        parser.label_weights.normal_(std=1, generator=generator)
    update = {"projective": projective, "max_projective_length": longest}
    parser.codec.config = parser.codec.config.model_copy(update=update)
    return Pipeline(model)
