"""Jackknifing predicts trees for training data, each by a parser that did not see the sentence in training.

A task that reads the trees of a parser (`trees = "given"`) should learn with trees as bad as those that it will get
later. A parser's trees of its own training data are nearly gold. So the data is cut into folds, and the trees of each
fold come from a parser that was trained on the other folds.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from depparse.document.annotations.tree import TREE_COLUMNS
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.evaluation.systems import bare_copies
from depparse.files import open_output
from depparse.inference.pipeline import Pipeline
from depparse.model.codec import TASKS
from depparse.model.model import Model
from depparse.model.order import is_parser
from depparse.model_folder.store import load
from depparse.registry import PartConfig
from depparse.training.prepare import is_begun, is_finished
from depparse.training.recipe import DataConfig, Recipe, RecipeConfig, read_recipe
from depparse.training.records import Listener
from depparse.training.run import run


def jackknife(
    recipe: Recipe,
    sentences: Iterable[Sentence],
    output: str | os.PathLike[str],
    folds: int = 10,
    *,
    set: str | Sequence[str] | Mapping[str, Any] = (),
    listen: Listener = lambda _: None,
) -> Document:
    """Copies of the sentences, with predicted HEAD and DEPREL.

    A fold is a stretch of text, since neighbouring sentences have much in common; all folds have about the same number
    of words. The parser of each fold is trained by the recipe, with the keys in `set` overridden, for as many epochs as
    the recipe says. It sees only words when it predicts. It stays in a folder of `output`, so that the same call goes
    on after an interrupt. `listen` gets the records of training. Raises ConfigError, also if `output` holds folds of
    other data or of another recipe.
    """
    sentences = list(sentences)
    if not 2 <= folds <= len(sentences):
        raise ConfigError(f"folds are at least 2 and at most as many as the {len(sentences)} sentences, not {folds}")
    config = read_recipe(recipe, set)
    if config.base is not None or not any(map(_parses, config.model.tasks.values())):
        raise ConfigError(
            "jackknifing trains parsers anew: give a recipe without a base and with a task that predicts trees, "
            "such as one of type dependencies"
        )
    copies: list[Sentence] = []
    begin = 0
    for number, end in enumerate(fold_ends(sentences, folds), 1):
        other_folds = [*sentences[:begin], *sentences[end:]]
        model = train_parser(config, other_folds, Path(output) / f"fold-{number}", listen=listen)
        copies += with_trees_of(model, sentences[begin:end])
        begin = end
    return Document(copies)


def train_parser(
    recipe: Recipe, sentences: Iterable[Sentence], output: Path, *, listen: Listener = lambda _: None
) -> Model:
    """A model trained on the sentences, or the one that is in `output` already.

    Raises ConfigError if `output` holds a parser of other sentences or of another recipe.
    """
    text = "".join(sentence.to_conllu() for sentence in sentences)
    file = output / "train.conllu"
    if file.exists() and file.read_text(encoding="utf-8") != text:
        raise ConfigError(f"{output}: holds a parser of other sentences; give another folder")
    config = read_recipe(recipe).model_copy(update={"segmentation": None, "data": DataConfig(train=(str(file),))})
    if (recipe_file := output / "recipe.json").exists():
        old_config = RecipeConfig.model_validate_json(recipe_file.read_text(encoding="utf-8"))
        if old_config.model_copy(update={"data": config.data}) != config:
            raise ConfigError(f"{output}: holds a parser of another recipe; give another folder")
    output.mkdir(parents=True, exist_ok=True)
    with open_output(file) as stream:
        stream.write(text)
    if not is_finished(output):
        run(config, output, resume=is_begun(output), listen=listen)
    return load(output / "model")


def with_trees_of(model: Model, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """Copies of the sentences with the HEAD and DEPREL that the model predicts from the words; all else is kept."""
    sentences = list(sentences)
    parsed = Pipeline(model).annotate_stream(bare_copies(sentences))
    for sentence, tree in zip(sentences, parsed, strict=True):
        copy = sentence.copy()
        copy.columns |= {name: tree.column(name) for name in TREE_COLUMNS}
        yield copy


def _parses(config: PartConfig) -> bool:
    return is_parser(TASKS.codec(config.type))


def fold_ends(sentences: Sequence[Sentence], folds: int) -> list[int]:
    """The number of sentences up to the end of each fold; no fold is empty.

    A fold ends where a document ends (``# newdoc``), if one ends less than a quarter of a fold away from where the fold
    would have its share of the words. Otherwise a sentence is in the fold of its middle.
    """
    begins = [number for number, sentence in enumerate(sentences) if sentence.starts_document]
    sums = [0, *itertools.accumulate(max(1, len(sentence)) for sentence in sentences)]
    ends: list[int] = []
    for fold in range(1, folds + 1):
        boundary = sums[-1] * fold / folds  # in words
        end = sum((before + after) / 2 < boundary for before, after in itertools.pairwise(sums))
        least, most = (ends[-1] if ends else 0) + 1, len(sentences) - (folds - fold)
        near = [begin for begin in begins if abs(sums[begin] - boundary) < sums[-1] / folds / 4]
        if near and fold < folds:
            end = min(near, key=lambda begin: abs(sums[begin] - boundary))
        ends.append(min(max(end, least), most))
    return ends
