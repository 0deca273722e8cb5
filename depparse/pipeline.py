"""`load` a model, call it on documents."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from depparse.data.columns import VALUE_COLUMNS
from depparse.data.document import Document
from depparse.data.sentence import Sentence
from depparse.errors import ConfigError
from depparse.model import Model
from depparse.store import load as load_model
from depparse.store import save as save_model


class Pipeline:
    """A trained model: ``pipeline(document)`` gives the document annotated. Safe to call from several threads."""

    def __init__(self, model: Model, card: str = "") -> None:
        self.model = model.eval()
        self.card = card

    def __call__(self, document: Document, *, keep: Collection[str] = ()) -> Document:
        """A copy of `document` with the columns of the model's tasks predicted; those in `keep` stay as they are.

        `keep` names columns (``upos``, ``LEMMA``). Comments, multiword tokens, empty nodes and MISC are not touched.
        """
        return Document(self.pipe(document, keep=keep), document.column_names)

    def pipe(
        self, sentences: Iterable[Sentence], *, keep: Collection[str] = (), batch_words: int = 5000
    ) -> Iterator[Sentence]:
        """Copies of the sentences, annotated, in order, with a few batches in memory at a time."""
        kept = {name.upper() for name in keep}
        wrong = kept - set(VALUE_COLUMNS)
        if wrong:
            raise ConfigError(
                f"keep names columns of CoNLL-U ({', '.join(VALUE_COLUMNS)}), not {', '.join(sorted(wrong))}"
            )
        originals: deque[Sentence] = deque()  # those that were read and not yet given out

        def copies() -> Iterator[Sentence]:
            for sentence in sentences:
                originals.append(sentence)
                yield copy_sentence(sentence)

        for sentence in self.model.annotate_stream(copies(), batch_words):
            original = originals.popleft()
            for name in kept & set(original.columns):
                sentence.columns[name] = list(original.columns[name])
            yield sentence

    @property
    def writes(self) -> tuple[str, ...]:
        """The columns that the model predicts."""
        return tuple(name for task in self.model.tasks.values() for name in task.writes())  # type: ignore[operator]

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes the model folder."""
        save_model(self.model, Path(folder), self.card)


def copy_sentence(sentence: Sentence) -> Sentence:
    """A copy whose columns and comments can be changed alone; multiword tokens and empty nodes are shared."""
    columns = {name: list(column) for name, column in sentence.columns.items()}
    copied = Sentence(columns, sentence.comments, sentence.mwts, sentence.empty_nodes)
    copied.start_char = sentence.start_char
    return copied


def load(name: str | os.PathLike[str]) -> Pipeline:
    """The pipeline in a model folder. Raises ModelError. Nothing is ever fetched."""
    folder = Path(name)
    if not (folder / "config.json").exists() and (folder / "model").is_dir():
        folder /= "model"  # the folder of a run holds its model
    model = load_model(folder)
    card = folder / "README.md"
    return Pipeline(model, card.read_text(encoding="utf-8") if card.is_file() else "")
