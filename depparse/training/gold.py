"""Gold data to score a model on: dev and test files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from depparse.data.annotations.entities import ENTITY_COLUMN
from depparse.data.annotations.frames import FRAME_COLUMNS
from depparse.data.document import Document
from depparse.data.formats import guess_format, read
from depparse.data.text import iter_text
from depparse.errors import ConfigError, DepparseError
from depparse.evaluation.entities import METRIC, evaluate_entities
from depparse.evaluation.frames import METRICS as FRAME_METRICS
from depparse.evaluation.frames import evaluate_frames
from depparse.evaluation.systems import bare_copies, with_hidden, with_trees
from depparse.evaluation.ud import EXTRA, OFFICIAL, Score, Scores, evaluate
from depparse.model import Model
from depparse.segmentation.segmenter import Segmenter
from depparse.structs.checks import check_length
from depparse.tasks.dependencies import Dependencies
from depparse.training.recipe import treebank_name

SEGMENTATION = OFFICIAL[:3]  # the scores of what has no trees
GRAPHS = ("ELAS", "EULAS")  # those of enhanced graphs


@dataclass(slots=True)
class Gold:
    """A file to be scored on; `source` is the number of its treebank among those of training, else 0."""

    name: str
    file: str
    document: Document
    source: int
    trees: bool = True  # whether it has them
    entities: bool = False
    frames: tuple[str, ...] = ()  # the scores of frames that it has something for

    def metrics(self, model: Model | None) -> tuple[str, ...]:
        """The scores that tell of the model: of entities, frames and enhanced graphs if both have them, of trees if
        there are any and the model predicts anything else than entities and frames."""
        written = set() if model is None else {column for columns in model.writes.values() for column in columns}
        trees = self.trees and not (written and written <= {ENTITY_COLUMN, *FRAME_COLUMNS})
        graphs = "DEPS" in written and any(cell != "_" for s in self.document for cell in s.columns.get("DEPS", ()))
        of_trees = [name for name in (*OFFICIAL, *EXTRA) if graphs or name not in GRAPHS]
        return (
            *(of_trees if trees else SEGMENTATION),
            *((METRIC,) if self.entities and ENTITY_COLUMN in written else ()),
            *(name for name in self.frames if FRAME_METRICS[name][1] in written),
        )

    def score(self, model: Model) -> Scores:
        return self._score(annotated(model, self.document, self.source), model)

    def score_raw(self, segmenter: Segmenter, model: Model | None = None) -> Scores:
        """Scores of what is made of the raw text; without a model, only those of segmentation say anything."""
        sentences = list(segmenter.segment(iter_text(self.document)))
        if model is not None:
            model.annotate(sentences, source=self.source)
        return self._score(Document(with_trees(with_hidden(sentences, self.document))), model)

    def _score(self, system: Document, model: Model | None) -> Scores:
        metrics = self.metrics(model)
        found = dict(evaluate(self.document if self.trees else _with_chains(self.document), system))
        if METRIC in metrics:
            micro = evaluate_entities(self.document, system).micro
            found[METRIC] = Score(micro.gold, micro.system, micro.correct or 0)
        if any(name in metrics for name in FRAME_METRICS):
            frames = dict(evaluate_frames(self.document, system).items())
            found |= {name: frames[field] for name, (field, _) in FRAME_METRICS.items()}
        return Scores({name: found[name] for name in metrics})

    def check(self, model: Model, *, raw: bool = False) -> None:
        """Refuses now what would end the run at its first evaluation or, worse, at its last."""
        try:
            # A system that starts from raw text has the words alone.
            model.check_trees(self.document.sentences if not raw else bare_copies(self.document))
        except ConfigError as error:
            raise ConfigError(f"{self.file}{' from raw text' if raw else ''}: {error}") from None
        longest = max(map(len, self.document))
        for task in model.tasks.values():
            if isinstance(task, Dependencies) and task.config.projective:
                try:
                    check_length(longest, task.config.max_projective_length)
                except DepparseError as error:
                    raise ConfigError(f"{self.file}: {error}") from None


def read_gold(split: str, files: Sequence[str], treebanks: Sequence[str], format: str = "conllu") -> list[Gold]:
    """Named by the split if there is one file, else by their stems, or whole where stems are alike.

    What the scorer refuses is refused now. `format` is that of files whose endings tell none.
    """
    stems = [Path(file).name.split(".")[0] for file in files]
    labels = [split] if len(files) == 1 else stems if len(set(stems)) == len(stems) else files
    found = []
    for file, label in zip(files, labels, strict=True):
        document = read(file, guess_format(file, format))
        if not document.num_words:
            raise ConfigError(f"{file}: there are no words to score on")
        # What has entities or frames alone has no trees to be scored, and all else must have them.
        entities = any(sentence.entity_tags() is not None for sentence in document)
        frames = tuple(name for name, score in _frame_scores(document, file).items() if score.gold)
        trees = not (entities or frames) or any(
            head != "_" for sentence in document for head in sentence.columns.get("HEAD", ())
        )
        scored = document if trees else _with_chains(document)
        try:
            evaluate(scored, scored)
        except DepparseError as error:
            raise ConfigError(f"{file}: {str(error).removeprefix('gold: ')}") from None
        name = treebank_name(file)
        source = treebanks.index(name) if name in treebanks else 0
        found.append(Gold(label, file, document, source, trees, entities, frames))
    return found


def _frame_scores(document: Document, file: str) -> dict[str, Score]:
    """Of the document against itself. FormatError where frames are broken."""
    scores = dict(evaluate_frames(document, document, (file, file)).items())
    return {name: scores[field] for name, (field, _) in FRAME_METRICS.items()}


def _with_chains(document: Document) -> Document:
    """The words, with chains for trees."""
    return Document(with_trees(bare_copies(document)))


def annotated(model: Model, gold: Document, source: int = 0) -> Document:
    """The document as the model analyses it, from gold sentences, tokens and words."""
    given = model.needs_trees()
    copies = list(bare_copies(gold, trees=given))
    model.annotate(copies, source=source)
    return Document(with_trees(copies, given=given))
