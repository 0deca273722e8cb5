"""A job in shards: what it writes, and how it goes on after an interruption. Everything here is one process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import depparse
from depparse.errors import ConfigError, DepparseError
from depparse.formats import table as formats
from depparse.formats.conllu import read_conllu
from depparse.formats.first_lines import input_files
from depparse.inference.pipeline import Pipeline
from depparse.segmentation.segmenter import Segmenter
from depparse.shards.job import ShardJob, in_this_process
from depparse.shards.manifest import NAME
from depparse.shards.work import ModelName, Result, Task, Work, tries_file
from tests.models import small_model

Parse = Callable[..., list[Path]]


@pytest.fixture
def files(samples: Path, tmp_path: Path) -> list[Path]:
    """Two texts with a paragraph a sentence, one of them long, CoNLL-U, JSON lines and Parquet."""
    folder = tmp_path / "input"
    folder.mkdir()
    document = read_conllu(samples / "UD_English-Sample" / "en_sample-ud-train.conllu")
    paragraphs = "\n\n".join(sentence.text for sentence in document)
    (folder / "long.txt").write_text("\n\n".join([paragraphs] * 3), encoding="utf-8")
    (folder / "short.txt").write_text("Tom sees Anna.\n", encoding="utf-8")
    for name in ("a.conllu", "b.jsonl", "c.parquet"):
        formats.write(document, folder / name)
    return sorted(folder.iterdir())


@pytest.fixture
def model(segmenter: Segmenter, tmp_path: Path) -> str:
    """The folder of a small model with a segmenter."""
    Pipeline(small_model(), segmenter=segmenter).save(tmp_path / "m")
    return str(tmp_path / "m")


class Recorder:
    """Does tasks in this process, latest first, and notes the shards; it is killed after `most` of them."""

    def __init__(self, most: int = 10**6) -> None:
        self.most = most
        self.shards: list[str] = []

    def __call__(self, work: Work, tasks: Sequence[Task]) -> Iterator[Result]:
        """The results."""
        for number, task in reversed(list(enumerate(tasks))):
            if len(self.shards) == self.most:
                raise KeyboardInterrupt
            self.shards += [task.shard] if task.shard else []
            (result,) = in_this_process(work, [task])
            yield replace(result, number=number)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_shards_hold_what_one_process_writes(files: list[Path], model: str, tmp_path: Path) -> None:
    nlp = depparse.load(model)
    formats.write(nlp.annotate_stream(nlp.read(files)), tmp_path / "one.conllu")
    job = ShardJob(ModelName(model), tmp_path / "out", "conllu", 1000)
    made = job.run(input_files(files), Recorder())
    assert [path.name for path in made.shards] == [f"part-{number:06d}.conllu" for number in range(len(made.shards))]
    assert len(made.shards) > 5
    assert b"".join(path.read_bytes() for path in made.shards) == (tmp_path / "one.conllu").read_bytes()
    document = read_conllu(tmp_path / "one.conllu")
    assert (made.sentences, made.words) == (len(document), sum(map(len, document)))
    assert made.kept == 0
    # The order in which shards are finished leaves no trace.
    ShardJob(ModelName(model), tmp_path / "again", "conllu", 1000).run(input_files(files))
    assert contents(tmp_path / "again") == contents(tmp_path / "out")
    # Shards of Parquet have the same sentences.
    parquet = ShardJob(ModelName(model), tmp_path / "parquet", "parquet", 1000).run(input_files(files))
    assert len(parquet.shards) == len(made.shards)
    sentences = [sentence for path in parquet.shards for sentence in formats.iter_sentences(path)]
    assert "".join(s.to_conllu() for s in sentences) == document.to_conllu()
    assert sum(pq.read_metadata(path).num_rows for path in parquet.shards) == made.sentences


def test_a_job_goes_on_where_it_was_interrupted(files: list[Path], model: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    whole = ShardJob(ModelName(model), tmp_path / "whole", "conllu", 1000).run(input_files(files))
    job = ShardJob(ModelName(model), out, "conllu", 1000)
    with pytest.raises(KeyboardInterrupt):
        job.run(input_files(files), (first := Recorder(3)))
    with open(out / NAME, "a", encoding="utf-8") as stream:
        stream.write('{"shard": "part-00')  # a line that was not finished
    (out / ".part-000000.conllu.abc.part").touch()  # what a killed process leaves
    tries_file(out / "part-000000.conllu").write_text("." * 5)
    broken = first.shards.pop()
    (out / broken).write_text("changed", encoding="utf-8")
    made = job.run(input_files(files), (second := Recorder()))
    assert made.kept == 2
    assert broken in second.shards
    assert not set(first.shards).intersection(second.shards)
    assert contents(out) == contents(tmp_path / "whole")
    assert made.shards == [out / path.name for path in whole.shards]
    assert job.run(input_files(files), (third := Recorder())).kept == len(made.shards)
    assert third.shards == []


def test_shards_of_other_input_are_made_again(files: list[Path], model: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    job = ShardJob(ModelName(model), out, "conllu", 1000)
    before = job.run(input_files(files))
    text = files[-2].read_text(encoding="utf-8")
    files[-2].write_text(text[: len(text) // 2], encoding="utf-8")
    made = job.run(input_files(files))
    assert 0 < made.kept < len(made.shards) < len(before.shards)
    ShardJob(ModelName(model), tmp_path / "new", "conllu", 1000).run(input_files(files))
    shards = {name: data for name, data in contents(out).items() if name != NAME}
    assert shards == {name: data for name, data in contents(tmp_path / "new").items() if name != NAME}


def test_a_folder_belongs_to_one_job(files: list[Path], model: str, tmp_path: Path) -> None:
    short = input_files(files[-1])
    ShardJob(ModelName(model), tmp_path / "out", "conllu", 1000).run(short)
    before = contents(tmp_path / "out")
    Pipeline(small_model("bilstm")).save(tmp_path / "other")
    jobs = {
        "options": ShardJob(ModelName(model), tmp_path / "out", "conllu", 1000, keep="upos"),
        "words": ShardJob(ModelName(model), tmp_path / "out", "conllu", 2000),
        "format": ShardJob(ModelName(model), tmp_path / "out", "parquet", 1000),
        "model": ShardJob(ModelName(str(tmp_path / "other")), tmp_path / "out", "conllu", 1000),
    }
    for name, job in jobs.items():
        with pytest.raises(ConfigError, match=rf"shards of another job: there, {name} is .*; give another folder"):
            job.run(short)
    assert contents(tmp_path / "out") == before
    with pytest.raises(ConfigError, match="no folder of shards, and not empty; give a new folder"):
        ShardJob(ModelName(model), tmp_path / "input", "conllu", 1000).run(short)
    with pytest.raises(ConfigError, match="written as conllu or parquet, not as json"):
        ShardJob(ModelName(model), tmp_path / "out", "json", 1000)
    assert json.loads(before[NAME].splitlines()[-1]) == {"shards": 1, "sentences": 1, "words": 1}


def test_an_error_does_not_stop_the_other_shards(files: list[Path], model: str, tmp_path: Path) -> None:
    job = ShardJob(ModelName(model), tmp_path / "out", "conllu", 1000)
    conllu = files[0].read_text(encoding="utf-8")
    files[0].write_text(conllu.replace("\t_\n", "\n", 1), encoding="utf-8")
    with pytest.raises(DepparseError, match=r"1 of \d+ shards could not be made; .*a.conllu:\d+: .*expected 10 col"):
        job.run(input_files(files))
    files[0].write_text(conllu, encoding="utf-8")
    made = job.run(input_files(files))
    assert made.kept == len(made.shards) - 1


def test_a_shard_that_ends_each_process_is_given_up(files: list[Path], model: str, tmp_path: Path) -> None:
    job = ShardJob(ModelName(model), tmp_path / "out", "conllu", 1000)

    def killed(work: Work, tasks: Sequence[Task]) -> Iterator[Result]:
        tries_file(tmp_path / "out" / tasks[0].shard).write_text("." * 5)
        return in_this_process(work, tasks)

    with pytest.raises(DepparseError, match=r"the process that wrote part-000000\.conllu was killed 5 times"):
        job.run(input_files(files[-1]), killed)
    assert job.run(input_files(files[-1])).sentences == 1


def test_all_processes_have_the_same_model(files: list[Path], model: str, tmp_path: Path) -> None:
    job = ShardJob(ModelName(model), tmp_path / "out", "conllu", 1000)
    Pipeline(small_model("bilstm")).save(model)
    with pytest.raises(DepparseError, match="is another model on one of the machines"):
        job.run(input_files(files[-1]))
