"""Worker processes give the same results in order, and end cleanly, whoever ends them."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from depparse.document.document import Document
from depparse.errors import DepparseError, FormatError
from depparse.inference import workers as workers_module
from depparse.inference.pipeline import Pipeline
from depparse.inference.workers import run_in_order
from tests.conftest import ROOT
from tests.inference.jobs import LONG, be_killed_sending, be_odd, end_itself, fail, sleep, square_later
from tests.models import clear_pipeline, small_model
from tests.segmenters import Expanding
from tests.sentences import TEXTS, blanked, conllu, two_sentences


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_order(workers: int) -> None:
    numbers_read: list[int] = []

    def jobs() -> Iterator[int]:
        for number in range(40):
            numbers_read.append(number)
            yield number

    for number, (job, result) in enumerate(run_in_order(square_later, jobs(), workers)):
        assert (job, result) == (number, number * number)
        assert len(numbers_read) <= number + 2 * workers
    assert not multiprocessing.active_children()


def test_an_exception_arrives_as_it_is() -> None:
    results = run_in_order(fail, iter(range(100)), 2)
    assert [next(results) for _ in range(3)] == [(0, 0), (1, 1), (2, 2)]
    with pytest.raises(FormatError) as error:
        next(results)
    assert str(error.value) == "x.conllu:7: it is broken"
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(("job", "message"), [(2, "plain"), (3, "odd"), (4, "pickle")])
def test_any_exception_says_where_it_was(job: int, message: str) -> None:
    with pytest.raises(Exception, match=message) as error:
        list(run_in_order(be_odd, [0, 1, job, 1], 2))
    text = "".join(traceback.format_exception(error.value))
    assert "in a worker process" in text
    assert "be_odd" in text or job == 4
    assert not multiprocessing.active_children()


def test_a_worker_killed_while_it_sends_is_an_error() -> None:
    """A pool of the standard library would wait for such a worker forever."""
    with pytest.raises(DepparseError, match="was killed"):
        list(run_in_order(be_killed_sending, range(8), 2))
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_worker_is_one_clear_error(stop: signal.Signals) -> None:
    with pytest.raises(DepparseError, match=r"^a worker process was killed or could not start; if memory ran out"):
        list(run_in_order(partial(end_itself, stop), range(100), 2))
    assert not multiprocessing.active_children()


def test_leaving_early_stops_the_workers(tmp_path: Path) -> None:
    results = run_in_order(partial(sleep, tmp_path), range(10), 2)
    assert next(results) == (0, 0)
    while not (tmp_path / "begun2").exists():
        time.sleep(0.01)
    results.close()
    assert not multiprocessing.active_children()


def test_leaving_a_pipe_early_stops_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "_forbids_forks", lambda: False)  # another test may have started OpenVINO
    pipeline = Pipeline(small_model())
    documents = pipeline.pipe(TEXTS * 20, batch_size=1, workers=2)
    sentences = pipeline.annotate_stream([*two_sentences()] * 200, batch_words=10, workers=2)
    next(documents), next(sentences)
    assert len(multiprocessing.active_children()) == 4
    documents.close()  # type: ignore[attr-defined]
    sentences.close()  # type: ignore[attr-defined]
    assert not multiprocessing.active_children()


def test_workers_give_the_same_analyses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "_forbids_forks", lambda: False)  # another test may have started OpenVINO
    pipeline = Pipeline(small_model(), segmenter=Expanding())
    inputs = [*TEXTS, two_sentences(), [["Anna", "didn't", "buy"]]]
    expected = conllu(map(pipeline, inputs))
    for workers, size in ((2, 1), (3, 2), (2, 256)):
        assert conllu(pipeline.pipe(inputs, workers=workers, batch_size=size)) == expected
    sentences = [s for text in TEXTS for s in pipeline.segment(text)]
    alone = [s.to_conllu() for s in pipeline.annotate_stream(sentences, k_best=2)]
    assert [s.to_conllu() for s in pipeline.annotate_stream(sentences, k_best=2, workers=2, batch_words=10)] == alone
    starts = [s.start_char for s in pipeline.annotate_stream(sentences, workers=2, batch_words=10)]
    assert starts == [s.start_char for s in sentences]


def test_errors_of_analyses_name_the_sentence() -> None:
    pipeline = clear_pipeline()
    bad = Document.from_conllu(blanked({}, {}) * 7 + blanked({1: "2", 2: "1"}, {}))
    for workers in (1, 2):
        with pytest.raises(DepparseError, match=r"^sentence 8: required arcs form a cycle"):
            list(pipeline.annotate_stream(bad, keep=["head"], workers=workers, batch_words=4))


SCRIPT = """
import multiprocessing, pickle, sys, torch
from depparse.inference.load import load
from tests.segmenters import Expanding
from tests.sentences import TEXTS, conllu

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    torch.set_num_threads(2)
    nlp = load(sys.argv[2])
    nlp.segmenter = Expanding()
    expected = conllu(map(nlp, TEXTS))
    torch.randn(500, 500) @ torch.randn(500, 500)
    assert conllu(nlp.pipe(TEXTS, workers=2, batch_size=1)) == expected
    print("equal")
"""


@pytest.mark.slow
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_workers_may_be_forked_or_spawned(method: str, tmp_path: Path) -> None:
    Pipeline(small_model("bilstm")).save(tmp_path / "m")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, str(tmp_path / "script.py"), method, str(tmp_path / "m")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=LONG)
    assert (result.returncode, result.stdout, result.stderr) == (0, "equal\n", "")


KILLED = """
import os, signal, sys
from functools import partial
from pathlib import Path
from depparse.inference.workers import run_in_order
from tests.inference.jobs import sleep

next(run_in_order(partial(sleep, Path(sys.argv[1])), range(10), 2))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    """This test reads the standard output of the workers, which closes only when they have ended."""
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=LONG / 2)
    assert (result.returncode, result.stderr) == (-signal.SIGKILL, "")


def test_an_interrupt_ends_the_command_cleanly(tmp_path: Path) -> None:
    Pipeline(small_model()).save(tmp_path / "m")
    (tmp_path / "in.txt").write_text("Tom sees Anna. Whom did Tom see? " * 20_000, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "depparse", "parse", "in.txt", "--model", "m", "--workers", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "# newdoc id = in\n"
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=LONG)
    assert process.returncode == 130
    assert errors == "note: the model has no segmenter, so rules split the text; multiword tokens stay whole\n"
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_a_pipeline_can_be_pickled() -> None:
    pipeline = Pipeline(small_model())
    assert conllu(pickle.loads(pickle.dumps(pipeline)).pipe(TEXTS)) == conllu(pipeline.pipe(TEXTS))


def test_a_script_without_a_main_guard_is_told_so_and_does_not_hang(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import multiprocessing\n"
        "from depparse.inference.workers import run_in_order\n"
        "multiprocessing.set_start_method('spawn')\n"
        "print(list(run_in_order(bytearray(1_000_000).__contains__, [0, 1], 2)))\n",
        encoding="utf-8",
    )
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=600)
    assert run.returncode == 1
    assert "a script whose processes do not fork needs `if __name__" in run.stderr
