"""Jackknifing: trees for training data, each of a parser that did not see the sentence.

What learns with trees that a parser predicts (`trees = "given"` of a task) should learn with trees as bad as those it
will get. A parser's trees of its own training data are nearly gold; so the data is cut into folds, and the trees of
each come from a parser that was trained on the others.
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

    Folds are stretches of text, of like numbers of words, as neighbours have much in common. The parser of each is
    trained by the recipe (`set` overrides it) for as many epochs as that says, and sees words alone when it predicts.
    It stays in a folder of `output`, where a call that was interrupted goes on. `listen` gets the records of training.
    Raises ConfigError, also if `output` holds folds of other data or another recipe.
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
    found: list[Sentence] = []
    begin = 0
    for number, end in enumerate(_ends(sentences, folds), 1):
        rest = [*sentences[:begin], *sentences[end:]]
        model = train_parser(config, rest, Path(output) / f"fold-{number}", listen=listen)
        found += with_trees_of(model, sentences[begin:end])
        begin = end
    return Document(found)


def train_parser(
    recipe: Recipe, sentences: Iterable[Sentence], output: Path, *, listen: Listener = lambda _: None
) -> Model:
    """A model trained on the sentences, or the one that is in `output` already. Raises ConfigError as `jackknife`."""
    text = "".join(sentence.to_conllu() for sentence in sentences)
    file = output / "train.conllu"
    if file.exists() and file.read_text(encoding="utf-8") != text:
        raise ConfigError(f"{output}: holds a parser of other sentences; give another folder")
    config = read_recipe(recipe).model_copy(update={"segmentation": None, "data": DataConfig(train=(str(file),))})
    if (kept := output / "recipe.json").exists():
        before = RecipeConfig.model_validate_json(kept.read_text(encoding="utf-8"))
        if before.model_copy(update={"data": config.data}) != config:
            raise ConfigError(f"{output}: holds a parser of another recipe; give another folder")
    output.mkdir(parents=True, exist_ok=True)
    with open_output(file) as stream:
        stream.write(text)
    if not is_finished(output):
        run(config, output, resume=is_begun(output), listen=listen)
    return load(output / "model")


def with_trees_of(model: Model, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """Copies of the sentences with HEAD and DEPREL as the model predicts them from the words; all else stays."""
    sentences = list(sentences)
    parsed = Pipeline(model).annotate_stream(bare_copies(sentences))
    for sentence, tree in zip(sentences, parsed, strict=True):
        copied = sentence.copy()
        copied.columns |= {name: tree.column(name) for name in TREE_COLUMNS}
        yield copied


def _parses(config: PartConfig) -> bool:
    return is_parser(TASKS.codec(config.type))


def _ends(sentences: Sequence[Sentence], folds: int) -> list[int]:
    """Where each fold ends: a sentence belongs to the fold that its middle falls into; none is empty."""
    sums = [0, *itertools.accumulate(max(1, len(sentence)) for sentence in sentences)]
    ends: list[int] = []
    for fold in range(1, folds + 1):
        wanted = sums[-1] * fold / folds
        end = sum((before + after) / 2 < wanted for before, after in itertools.pairwise(sums))
        least, most = (ends[-1] if ends else 0) + 1, len(sentences) - (folds - fold)
        ends.append(min(max(end, least), most))
    return ends
