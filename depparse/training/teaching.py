"""Teachers of a run: other models, whose opinion of the data is learned in place of its annotation, or with it.

Text that nobody has annotated can be learned from as well: a teacher segments it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from depparse.document.columns import LANGUAGE
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.features.batch import Example
from depparse.files import open_output
from depparse.model.model import Model
from depparse.model_folder import facts
from depparse.model_folder.contents import read_facts
from depparse.model_folder.facts import Origin
from depparse.model_folder.find import find
from depparse.segmentation.codec import SegmenterCodec
from depparse.segmentation.passages import Passage, make_passages
from depparse.segmentation.segmenter import Segmenter
from depparse.training.examples import Examples, make_examples, read_sentences
from depparse.training.lessons import Joined, Taught, Teacher, taught_tasks, write_lessons
from depparse.training.prepare import LESSONS, TEXT_FILE
from depparse.training.processes import Processes, choose_precision
from depparse.training.recipe import RecipeConfig, SegmentationConfig
from depparse.training.segmentation import soften
from depparse.treebanks.languages import AUTO, Choice, Languages


def segmented(teachers: Sequence[Teacher], files: Sequence[str], target: Path, most: int | None = None) -> None:
    """Writes the sentences of files of text, or of any other format, to a CoNLL-U file, with at most `most` words.

    The first teacher that has a segmenter splits the text, otherwise rules do. No annotation is kept.
    """
    pipelines = [teacher.pipeline for teacher in teachers]
    pipeline = next((each for each in pipelines if each.segmenter is not None), pipelines[0])
    n_words = 0
    with open_output(target) as stream:
        for sentence in pipeline.read(files):
            stream.write(_words_of(sentence).to_conllu())
            n_words += len(sentence)
            if most is not None and n_words >= most:
                break


def _sources(text: Sequence[Sentence], treebanks: Sequence[str]) -> list[int]:
    """The number of the treebank that each sentence is most like, by the language in its comment; else of the first."""
    languages = Languages(treebanks)
    auto = Choice(language=AUTO)
    return [languages.number(auto, sentence.comment(LANGUAGE), quiet=True) for sentence in text]


def _words_of(sentence: Sentence) -> Sentence:
    """A copy with nothing but the words, their spacing and the comments."""
    copy = sentence.copy()
    spacing = [_spacing(cell) for cell in sentence.column("MISC")]
    copy.columns, copy.empty_nodes = {"FORM": copy.columns["FORM"], "MISC": spacing}, []
    return copy


def _spacing(misc: str) -> str:
    """The attributes of MISC that say where the text has white space."""
    return "|".join(part for part in misc.split("|") if part.startswith(("SpaceAfter=", "Spaces"))) or "_"


class Teaching:
    """The teachers of a run, and the text that only they annotate."""

    def __init__(self, config: RecipeConfig, output: Path, hashes: Mapping[str, str], processes: Processes) -> None:
        self.config, self.output, self.processes = config, output, processes
        self.teachers = [Teacher.load(name, str(processes.device)) for name in config.training.teacher]
        data = config.data
        self._data = json.dumps([[hashes[file] for file in (*data.train, *data.text)], data.limit, data.text_words])

    @property
    def hashes(self) -> list[str]:
        """The hashes of the teachers."""
        return [teacher.hash for teacher in self.teachers]

    def facts(self) -> tuple[facts.Taught, ...]:
        """The facts of the teachers."""
        found = [(teacher.name, find(teacher.name)) for teacher in self.teachers]
        return tuple(facts.Taught(origin=Origin.of(name, place), facts=read_facts(place)) for name, place in found)

    def check(self, model: Model) -> list[str]:
        """Notes on what the model will not be taught. Raises ConfigError if it cannot be taught as the recipe says."""
        tasks = taught_tasks(model, self.teachers, segments=self.config.segmentation is not None)
        left = [name for name in model.learned if name not in tasks]
        if left and self.config.data.text:
            raise ConfigError(
                f"config key data.text: no teacher teaches {', '.join(left)}, so what nobody has annotated cannot be "
                "learned from; leave out the text, or these tasks, which can learn later (--base MODEL --freeze)"
            )
        if self.config.segmentation is not None and not self._segmenters():
            left.append("segmentation")
        return [f"note: no teacher teaches {name}, which learns from the annotation alone" for name in left]

    def _segmenters(self) -> list[Segmenter]:
        """The segmenters of the teachers."""
        return [t.pipeline.segmenter for t in self.teachers if isinstance(t.pipeline.segmenter, Segmenter)]

    def passages(
        self, config: SegmentationConfig, passages: Sequence[Passage], codec: SegmenterCodec, treebanks: Sequence[str]
    ) -> Sequence[Passage]:
        """The passages that a segmenter with that codec learns from: the annotated ones, with the probabilities of the
        teachers, and those of the text. If no teacher has a segmenter, the annotated ones stay as they are.

        `treebanks` are the names of the passages' treebanks.
        """
        if not (segmenters := self._segmenters()):
            return passages
        soften(passages, segmenters, codec, self.config.training.trust, treebanks)
        of_text: list[Passage] = []
        if self.config.data.text:
            text = self.text
            for source, group in groupby(zip(_sources(text, treebanks), text, strict=True), key=itemgetter(0)):
                of_text += make_passages((sentence for _, sentence in group), config.passage_words, source)
        soften(of_text, segmenters, codec, 1.0, treebanks)
        return [*passages, *of_text]

    @cached_property
    def text(self) -> Sequence[Sentence]:
        """The sentences of the text that only the teachers annotate, as the first of them that can splits it."""
        data = self.config.data
        if not data.text:
            return []
        # A file of other text, or split by another teacher, has another name.
        key = hashlib.sha256("".join((self._data, *self.hashes)).encode()).hexdigest()[:12]
        file = self.output / TEXT_FILE.format(key)
        if self.processes.main and not file.exists():
            segmented(self.teachers, data.text, file, data.text_words)
        self.processes.wait()
        folder = self.output / f"sentences-{self.processes.number}" / "text" if data.on_disk else None
        return read_sentences([str(file)], [0], folder)[0]

    def examples(
        self, model: Model, sentences: Sequence[Sentence], sources: Sequence[int], say: Callable[[str], None]
    ) -> Examples[Example]:
        """The examples of the annotated sentences and, behind them, of the text, with the lessons of the teachers.

        Of several processes, the main one makes the text and the lessons, and the others wait for it.
        """
        training, text = self.config.training, self.text
        parts = [make_examples(model, sentences, sources)]
        if text:
            parts.append(make_examples(model, text, _sources(text, model.treebanks)))
        examples = Joined(parts)
        folder = Path(training.lessons) if training.lessons is not None else self.output / LESSONS
        if self.processes.main:
            write_lessons(
                model,
                examples,
                taught_tasks(model, self.teachers, segments=self.config.segmentation is not None),
                folder,
                trust=training.trust,
                annotated=len(parts[0].lengths),
                data=self._data,
                precision=choose_precision(training.precision, self.processes.device),
                say=say,
            )
        self.processes.wait()
        return Taught(examples, folder)
