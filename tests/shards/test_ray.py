"""Parsing on Ray: on two machines, of which one goes, the shards are those of one process."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import depparse
from depparse.formats import table as formats
from depparse.formats.conllu import read_conllu
from depparse.inference.pipeline import Pipeline
from depparse.segmentation.segmenter import Segmenter
from depparse.shards.manifest import NAME
from tests.conftest import ROOT
from tests.models import small_model

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs Ray: pip install 'depparse[ray]'")
# Machines listen on loopback alone, nothing is reported to the makers of Ray, and processes are no nicer than others.
SETTINGS = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster of a machine that runs nothing and two machines of one core, all of them here, on loopback."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    from ray.cluster_utils import Cluster

    machine = {"object_store_memory": 80 * 2**20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **machine})
    try:
        for _ in range(2):
            cluster.add_node(num_cpus=1, **machine)
        monkeypatch.setenv("RAY_ADDRESS", cluster.address)
        yield cluster
    finally:
        cluster.shutdown()


@pytest.fixture
def text(samples: Path, tmp_path: Path) -> Path:
    """A text of 30,000 words, with a paragraph a sentence."""
    document = read_conllu(samples / "UD_English-Sample" / "en_sample-ud-train.conllu")
    path = tmp_path / "long.txt"
    path.write_text("\n\n".join(sentence.text for _ in range(40) for sentence in document), encoding="utf-8")
    return path


def parse(text: Path, folder: Path, *options: str) -> subprocess.Popen[str]:
    """Begins ``depparse parse --engine ray``."""
    command = [sys.executable, "-m", "depparse", "parse", str(text), "--model", str(text.parent / "m")]
    command += ["--engine", "ray", "--outdir", str(folder), "--shard-words", "2000", *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)


def finished(folder: Path) -> int:
    return len(list(folder.glob("part-*.conllu")))


def kill_on_the_way(process: subprocess.Popen[str], folder: Path, kill: Callable[[], None]) -> int:
    """Kills something when two shards are finished. Returns how many are finished then."""
    while finished(folder) < 2:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.05)
    kill()
    return finished(folder)


def worker_of(node: Any) -> Any:
    """The process of the machine that writes shards."""
    import psutil

    raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
    (worker,) = [child for child in raylet.children(recursive=True) if "_ShardWriter" in "".join(child.cmdline())]
    return worker


@pytest.mark.slow
@needs_ray
def test_a_process_and_a_machine_go_and_the_bytes_stay(
    cluster: Any, text: Path, segmenter: Segmenter, tmp_path: Path
) -> None:
    Pipeline(small_model(), segmenter=segmenter).save(tmp_path / "m")
    nlp = depparse.load(tmp_path / "m")
    formats.write(nlp.annotate_stream(nlp.read(text)), tmp_path / "one.conllu")
    expected = (tmp_path / "one.conllu").read_bytes()
    first, second = sorted(cluster.worker_nodes, key=lambda node: node.unique_id)
    kills = {"process": lambda: worker_of(first).kill(), "machine": lambda: cluster.remove_node(second, False)}
    manifests = []
    for name, kill in kills.items():
        process = parse(text, tmp_path / name)
        at_kill = kill_on_the_way(process, tmp_path / name, kill)
        stderr = process.communicate()[1]
        assert process.returncode == 0, stderr
        shards = sorted((tmp_path / name).glob("part-*"))
        assert at_kill < len(shards)
        assert b"".join(path.read_bytes() for path in shards) == expected
        assert stderr.splitlines()[-1].startswith(f"note: {tmp_path / name} has {len(shards)} shards: ")
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == [NAME, *(path.name for path in shards)]
        manifests.append((tmp_path / name / NAME).read_bytes())
    assert manifests[0] == manifests[1]


@pytest.mark.slow
@needs_ray
def test_rows_of_a_data_set_come_out_in_order(cluster: Any, text: Path, segmenter: Segmenter, tmp_path: Path) -> None:
    Pipeline(small_model(), segmenter=segmenter).save(tmp_path / "m")
    nlp = depparse.load(tmp_path / "m")
    code = f"""
import ray, ray.data
from depparse.wrappers.ray_data import annotate
ray.init("local", log_to_driver=False)
texts = open({str(text)!r}).read().split("\\n\\n")[:200]
items = [{{"text": text, "url": f"page {{i}}"}} for i, text in enumerate(texts)]
rows = ray.data.from_items(items, override_num_blocks=9)
parsed = annotate(rows, {str(tmp_path / "m")!r}, name="url", rows=40).materialize()
print(*[row["sent_id"] for row in parsed.iter_rows()])
parsed.write_parquet({str(tmp_path / "parquet")!r})
own = ray.data.read_parquet({str(tmp_path / "parquet")!r})
print(annotate(own, {str(tmp_path / "m")!r}, keep="upos").count())
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    texts = text.read_text(encoding="utf-8").split("\n\n")[:200]
    expected_rows, ids = [], []
    for number, document in enumerate(nlp.pipe(texts)):
        ids.append((number, len(document)))
        document[0].set_comment("newdoc", None)
        document[0].comments.insert(0, f"# newdoc id = page_{number}")
        for sentence in document:
            sentence.set_comment("sent_id", f"page_{number}-{sentence.sent_id}")
        expected_rows += [sentence.to_conllu() for sentence in document]
    files = sorted((tmp_path / "parquet").glob("*.parquet"))
    rows = [sentence.to_conllu() for file in files for sentence in formats.iter_sentences(file)]
    assert sorted(rows) == sorted(expected_rows)
    *sent_ids, count = result.stdout.split()
    assert sent_ids == [
        f"page_{number}-{sentence}" for number, sentences in ids for sentence in range(1, sentences + 1)
    ]
    assert int(count) == len(expected_rows)


@pytest.mark.slow
@needs_ray
def test_a_cluster_on_this_machine_starts_and_ends(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    Pipeline(small_model()).save(tmp_path / "m")
    text.write_text("Tom sees Anna.\n", encoding="utf-8")
    process = parse(text, tmp_path / "out", "--workers", "1")
    note = "note: the model has no segmenter, so rules split the text; multiword tokens stay whole"
    lines = process.communicate()[1].splitlines()  # one more is Ray's own
    assert (lines[0], lines[-1]) == (note, f"note: {tmp_path / 'out'} has 1 shard: 1 sentences, 4 words")
    nlp = depparse.load(tmp_path / "m")
    expected = "".join(sentence.to_conllu() for sentence in nlp.annotate_stream(nlp.read(text)))
    assert (tmp_path / "out" / "part-000000.conllu").read_text(encoding="utf-8") == expected


def test_without_ray_one_line_says_what_to_install(tmp_path: Path) -> None:
    code = "import sys; sys.modules['ray'] = None; from depparse.cli.main import main; sys.exit(main())"
    arguments = ["parse", "a.txt", "--model", "en", "--engine", "ray", "--outdir", "out"]
    (tmp_path / "a.txt").write_text("Tom sees Anna.\n", encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines() == ["depparse: error: this needs the package ray: pip install 'depparse[ray]'"]
    assert not (tmp_path / "out").exists()
