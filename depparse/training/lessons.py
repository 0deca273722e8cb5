"""What teachers think of training data: computed once, before training, kept in files, and given to the examples.

The epochs of a run would otherwise compute it again each time, and a teacher is most often slower than its pupil.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from depparse.errors import ConfigError, DepparseError
from depparse.features.batch import Example, plan_batches
from depparse.features.choices import CHOICES
from depparse.files import hash_file, open_output
from depparse.inference.load import load
from depparse.inference.pipeline import Pipeline
from depparse.model.codec import ModelCodec
from depparse.model.model import Model
from depparse.model_folder.find import find
from depparse.segmentation.segmenter import Segmenter
from depparse.tasks.task import Opinion, TakesLessons, Teaches
from depparse.training.examples import Examples

_WORDS = 2_000  # of a batch that a teacher reads
_SECONDS = 30.0  # between notes of how far the work is
_STATE = "lessons.json"


@dataclass(frozen=True, slots=True)
class Teacher:
    """A model that teaches."""

    name: str
    pipeline: Pipeline
    hash: str  # SHA-256 of the folder's manifest.json

    @classmethod
    def load(cls, name: str, device: str = "cpu") -> Teacher:
        """The model of that name or in that folder. Raises ModelError and ConfigError."""
        folder = find(name)
        return cls(name, load(folder, device, precision="fp32"), hash_file(folder / "manifest.json"))


class Joined:
    """The examples of several sources, one after the other."""

    def __init__(self, parts: Sequence[Examples[Example]]) -> None:
        self._parts = parts
        self.lengths = [length for part in parts for length in part.lengths]
        self.sources = [source for part in parts for source in part.sources]
        self._begins = [0, *itertools.accumulate(len(part.lengths) for part in parts)]

    def take(self, numbers: Sequence[int]) -> list[Example]:
        """The examples of these numbers, in this order."""
        by_part: dict[int, list[int]] = {}
        for number in numbers:
            by_part.setdefault(bisect.bisect_right(self._begins, number) - 1, []).append(number)
        taken: dict[int, Example] = {}
        for part, own in by_part.items():
            begin = self._begins[part]
            taken.update(zip(own, self._parts[part].take([number - begin for number in own]), strict=True))
        return [taken[number] for number in numbers]


class Taught:
    """Examples with the lessons of teachers, which are in files (`write_lessons`)."""

    def __init__(self, examples: Examples[Example], folder: Path) -> None:
        self._examples = examples
        self.lengths, self.sources = examples.lengths, examples.sources
        self._begins = _begins(examples.lengths)
        names = json.loads((folder / _STATE).read_text(encoding="utf-8"))["arrays"]
        self._arrays = {
            task: {name: np.load(_file(folder, task, name), mmap_mode="r") for name in own}
            for task, own in names.items()
        }

    def take(self, numbers: Sequence[int]) -> list[Example]:
        """The examples of these numbers, in this order, with lessons."""
        return [
            replace(example, lessons={**example.lessons, **self._lessons(number)})
            for number, example in zip(numbers, self._examples.take(numbers), strict=True)
        ]

    def _lessons(self, number: int) -> dict[str, dict[str, NDArray[Any]]]:
        rows = slice(self._begins[number], self._begins[number + 1])
        return {task: {name: array[rows] for name, array in own.items()} for task, own in self._arrays.items()}


def taught_tasks(
    model: Model, teachers: Sequence[Teacher], *, segments: bool = False
) -> dict[str, list[tuple[Teacher, str]]]:
    """The tasks of the model that are to be trained and that a teacher can teach, and who by which task.

    Raises ConfigError if a teacher has nothing to teach; if the run also trains a segmenter (`segments`), one that has
    nothing but a segmenter may teach that.
    """
    tasks: dict[str, list[tuple[Teacher, str]]] = {}
    for name in model.learned:
        codec = model.codec.tasks[name]
        if isinstance(codec, Teaches) and isinstance(model.network(name), TakesLessons):
            tasks[name] = [(t, own) for t in teachers if (own := _same_task(t.pipeline, codec)) is not None]
    for teacher in teachers:
        teaches = any(teacher is each for own in tasks.values() for each, _ in own)
        if not teaches and not (segments and isinstance(teacher.pipeline.segmenter, Segmenter)):
            wanted = ", ".join(tasks) or "none"
            raise ConfigError(f"config key training.teacher: {teacher.name} has none of the tasks to teach: {wanted}")
    return {name: own for name, own in tasks.items() if own}


def _same_task(pipeline: Pipeline, codec: Any) -> str | None:
    """The first task of the pipeline with a codec of that class, which reads no trees."""
    if pipeline.codec is None:
        return None
    readers = pipeline.codec.readers()
    return next((n for n, own in pipeline.codec.tasks.items() if type(own) is type(codec) and n not in readers), None)


def write_lessons(
    model: Model,
    examples: Examples[Example],
    tasks: Mapping[str, Sequence[tuple[Teacher, str]]],
    folder: Path,
    *,
    trust: float,
    annotated: int,
    data: str,
    precision: torch.dtype = torch.float32,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Writes the lessons of these tasks (`taught_tasks`) to files in `folder`, or goes on where that ended.

    The first `annotated` examples are annotated: there, teachers have the weight `trust`, elsewhere they are alone.
    `data` names the data; lessons that are complete and of the same data, teachers and labels are left as they are.
    """
    key = _key(model, tasks, trust, annotated, data, examples)
    plan = plan_batches(examples.lengths, _WORDS)
    state: dict[str, Any] = {"key": key, "done": 0, "arrays": {}}
    if (folder / _STATE).is_file():
        old = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        state = old if old.get("key") == key else state
    folder.mkdir(parents=True, exist_ok=True)
    begins = _begins(examples.lengths)
    files = {
        (task, name): np.load(_file(folder, task, name), mmap_mode="r+")
        for task, names in state["arrays"].items()
        for name in names
    }
    began = saved = time.monotonic()
    words = first = sum(examples.lengths[number] for numbers in plan[: state["done"]] for number in numbers)

    def save() -> None:
        for array in files.values():
            array.flush()
        with open_output(folder / _STATE) as stream:
            json.dump(state, stream)

    for numbers in plan[state["done"] :]:
        trusts = [trust if number < annotated else 1.0 for number in numbers]
        lessons = _lessons(model, examples.take(numbers), tasks, trusts, precision)
        for task, of_sentences in lessons.items():
            for number, lesson in zip(numbers, of_sentences, strict=True):
                for name, array in lesson.items():
                    if (task, name) not in files:
                        shape = (begins[-1], *array.shape[1:])
                        path = _file(folder, task, name)
                        files[task, name] = np.lib.format.open_memmap(path, "w+", array.dtype, shape)
                        state["arrays"].setdefault(task, []).append(name)
                    files[task, name][begins[number] : begins[number + 1]] = array
        state["done"] += 1
        words += sum(examples.lengths[number] for number in numbers)
        if (now := time.monotonic()) - saved > _SECONDS:
            save()
            saved = now
            say(f"teaching: {words:,} of {begins[-1]:,} words, {(words - first) / (now - began):,.0f} words/s")
    save()


def _lessons(
    model: Model,
    examples: Sequence[Example],
    tasks: Mapping[str, Sequence[tuple[Teacher, str]]],
    trust: Sequence[float],
    precision: torch.dtype,
) -> dict[str, list[Any]]:
    """The lesson of each example, by task."""
    batch = model.codec.collate(examples)
    opinions: dict[str, list[Opinion]] = {name: [] for name in tasks}
    teachers = {id(teacher): teacher for own in tasks.values() for teacher, _ in own}
    device = model.device.type
    with torch.autocast(device, precision, enabled=precision != torch.float32):
        for teacher in teachers.values():
            codec, scorer = teacher.pipeline.codec, teacher.pipeline.scorer
            if codec is None or scorer is None:
                raise DepparseError(f"{teacher.name} has no model")
            reading = scorer.read(codec.collate([_read_by(codec, model, example) for example in examples]))
            for name, own in tasks.items():
                for each, task in own:
                    if each is teacher:
                        opinions[name].append(Opinion(codec.tasks[task], reading.scores(task), reading.stage(task)))
        return {
            name: _codec(model, name).soften(own, batch.targets[name], batch.lengths, np.array(trust))
            for name, own in opinions.items()
        }


def _read_by(codec: ModelCodec, model: Model, example: Example) -> Example:
    """The example as a teacher reads it: as of the same treebank, if the teacher has learned from that one."""
    name = model.treebanks[example.source] if example.source < len(model.treebanks) else ""
    return codec.example(example.sentence, source=codec.treebanks.index(name) if name in codec.treebanks else 0)


def _codec(model: Model, name: str) -> Teaches:
    codec = model.codec.tasks[name]
    assert isinstance(codec, Teaches)
    return codec


def _begins(lengths: Iterable[int]) -> list[int]:
    """The number of each example's first word, and behind them the number of all words."""
    return [0, *itertools.accumulate(lengths)]


def _file(folder: Path, task: str, name: str) -> Path:
    return folder / f"{task}.{name}.npy"


def _key(
    model: Model,
    tasks: Mapping[str, Sequence[tuple[Teacher, str]]],
    trust: float,
    annotated: int,
    data: str,
    examples: Examples[Example],
) -> str:
    """A hash of all that lessons depend on."""
    digest = hashlib.sha256()
    for name, own in tasks.items():
        who = [(teacher.hash, task) for teacher, task in own]
        digest.update(json.dumps([name, who, model.codec.tasks[name].to_json()], default=list).encode())
    digest.update(json.dumps([trust, annotated, CHOICES, data, list(examples.lengths)]).encode())
    return digest.hexdigest()
