"""Recipes. A recipe says everything about a run; it is a TOML file or a dictionary, whose keys can be overridden."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from depparse.arguments import check_type
from depparse.config import Config, apply_overrides, parse, read_toml
from depparse.errors import ConfigError, FormatError, did_you_mean
from depparse.evaluation.metrics import Use, metrics
from depparse.model.codec import ModelConfig
from depparse.segmentation.config import SegmenterConfig
from depparse.tasks.task import TaskConfig
from depparse.training.loop import TrainingConfig
from depparse.training.optim import OptimizerConfig
from depparse.treebanks.catalogue import corpora_folder
from depparse.treebanks.treebank import find_splits

Files = Annotated[tuple[str, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)]


class DataConfig(Config):
    """The data files of a run, which may be those of several treebanks."""

    train: Files = ()
    dev: Files = ()  # scored after epochs; the mean over the files chooses the model that is kept
    test: Files = ()  # scored once, at the end
    format: str = "conllu"  # of files whose endings tell none, such as conll2003
    # The number of training sentences, chosen at random, but alike for any seed, and among those of a larger limit.
    limit: int | None = Field(None, ge=1, exclude_if=lambda limit: limit is None)
    # Files that only a teacher annotates: text, or any other format, of which only the words count.
    text: Files = Field((), exclude_if=lambda files: not files)
    text_words: int | None = Field(None, ge=1, exclude_if=lambda words: words is None)  # of `text`, from its beginning
    on_disk: bool = False  # for training data that does not fit in memory: sentences are read from disk for each batch


class ModelTrainingConfig(TrainingConfig):
    """The training of the model, which may have teachers."""

    # Trained models (names or folders), from whose opinions the model learns; those of several are averaged.
    teacher: Files = Field((), exclude_if=lambda names: not names)
    # The weight of the teachers where a word is annotated; the annotation has the rest.
    trust: float = Field(0.5, gt=0, le=1, exclude_if=lambda trust: trust == 0.5)
    # A folder in which the teachers' opinions stay, for other runs; by default they are deleted when the run ends.
    lessons: str | None = Field(None, exclude_if=lambda folder: folder is None)


class SegmenterOptimizerConfig(OptimizerConfig):
    """The segmenter's optimizer: the settings of the model's optimizer with other defaults."""

    decay: Literal["cosine", "linear", "none"] = "linear"
    floor: float = Field(0.0, ge=0, le=1)  # share of the learning rate that the decay ends at
    clip: float = Field(1.0, gt=0)  # largest norm of the gradient


class SegmenterTrainingConfig(TrainingConfig):
    """The training of the segmenter: the settings of the model's training with other defaults."""

    batch_words: int = Field(500, ge=1)  # words of a batch, with padding, of all processes together
    optimizer: OptimizerConfig = SegmenterOptimizerConfig()

    @field_validator("optimizer", mode="before")
    @classmethod
    def _own_defaults(cls, value: Any) -> Any:
        return SegmenterOptimizerConfig.model_validate(value) if isinstance(value, Mapping) else value


class SegmentationConfig(Config):
    """The segmenter, and how it is trained."""

    network: SegmenterConfig = SegmenterConfig()
    passage_words: int = Field(100, ge=1)  # words of a passage, the piece of text it learns from; whole sentences
    max_words: int = Field(2_000_000, ge=1)  # words it learns from, taken evenly from all data; more teach little
    abbreviated: float = Field(0.04, ge=0, le=1)  # share of capitalized words that it sees cut, with a full stop
    training: SegmenterTrainingConfig = SegmenterTrainingConfig()


class RecipeConfig(Config):
    """Everything about a run."""

    segmentation: Annotated[  # none: raw text will be split by rules
        SegmentationConfig | None, BeforeValidator(lambda value: None if value == "none" else value)
    ] = None
    model: ModelConfig = Field(default_factory=ModelConfig)
    training: ModelTrainingConfig = Field(default_factory=ModelTrainingConfig)
    data: DataConfig = Field(default_factory=DataConfig)
    metric: str | None = None  # score that chooses the model; by default LAS, or UPOS … NER without a parser
    base: str | None = None  # a trained model to begin with (name or folder); its encoder replaces that of `model`
    freeze: bool = False  # train nothing of the base but the tasks that the recipe names

    def with_seed(self, seed: int) -> RecipeConfig:
        """The recipe with this seed for the model and the segmenter."""
        changed: dict[str, Config] = {"training": self.training.model_copy(update={"seed": seed})}
        if self.segmentation is not None:
            training = self.segmentation.training.model_copy(update={"seed": seed})
            changed["segmentation"] = self.segmentation.model_copy(update={"training": training})
        return self.model_copy(update=changed)


Recipe = str | os.PathLike[str] | Mapping[str, Any] | RecipeConfig


def recipe_file(name: str | os.PathLike[str]) -> Path:
    """The file of the recipe of that name in ``configs/``, or the TOML file `name` itself. Raises ConfigError."""
    folder = corpora_folder().parent / "configs"
    path = Path(name)
    if path.suffix != ".toml" and not os.path.exists(path):
        path = folder / f"{name}.toml"
    if not os.path.isfile(path):  # unlike is_file of a Path, this allows any name
        names = sorted(file.stem for file in folder.glob("*.toml"))
        raise ConfigError(f"no recipe {os.fspath(name)!r}, nor a TOML file; {did_you_mean(path.stem, names)}")
    return path


def read_recipe(
    recipe: Recipe,
    overrides: str | Sequence[str] | Mapping[str, Any] = (),
    treebanks: Sequence[str] = (),
    data: Mapping[str, Sequence[str]] | None = None,
    base: str | None = None,
    freeze: bool = False,
    teachers: Sequence[str] = (),
) -> RecipeConfig:
    """The recipe with `overrides` (``training.epochs=3``, or a mapping of keys to values).

    `treebanks` are UD folders, whose splits are added to those of the recipe; `data` replaces whole splits by files.
    `base`, `freeze` and `teachers`, if given, replace those of the recipe. Raises ConfigError.
    """
    check_type(recipe, (str, os.PathLike, Mapping, RecipeConfig), "config", "a name, a file, a table or a RecipeConfig")
    if isinstance(recipe, RecipeConfig):
        content = recipe.model_dump(mode="json")
    else:
        content = dict(recipe) if isinstance(recipe, Mapping) else read_toml(recipe_file(recipe))
    content = apply_overrides(content, [overrides] if isinstance(overrides, str) else overrides)
    content |= {"base": base} if base is not None else {}
    content |= {"freeze": True} if freeze else {}
    if teachers and isinstance(training := content.setdefault("training", {}), dict):
        content["training"] = training | {"teacher": list(teachers)}
    splits = content.setdefault("data", {})
    if isinstance(splits, dict):
        for treebank in treebanks:
            for split, file in find_splits(Path(treebank)).items():
                before = splits.get("train" if split == "file" else split, ())
                before = [before] if isinstance(before, str) else before
                splits["train" if split == "file" else split] = [*before, str(file)]
        splits |= {split: list(files) for split, files in (data or {}).items() if files}
    config = parse(RecipeConfig, content)
    scores = [metric.name for metric in metrics() if Use.TRAINING in metric.uses]
    if config.metric is not None and config.metric not in scores:
        raise ConfigError(f"config key metric: {config.metric!r} is no score; there are {', '.join(scores)}")
    if config.freeze and config.base is None:
        raise ConfigError("config key freeze: there is no model to leave as it is; give one by base (--base MODEL)")
    if config.data.text and not config.training.teacher:
        raise ConfigError(
            "config key data.text: nobody annotates the text; give a model by --teacher (training.teacher)"
        )
    for name, task in config.model.tasks.items() if config.base is None else ():
        if isinstance(task, TaskConfig) and task.replaces:
            raise ConfigError(
                f"config key model.tasks.{name}.replaces: no base model has the task {task.replaces}; give one by "
                "base (--base MODEL)"
            )
    return config


def treebank_name(file: str) -> str:
    """The name of a file's treebank: the folder's name if the file is one of the folder's splits, else its own stem."""
    path = Path(file)
    try:
        if path in find_splits(path.parent).values():
            return path.resolve().parent.name
    except FormatError:
        pass
    return path.name.removesuffix(".gz").rpartition(".")[0] or path.name
