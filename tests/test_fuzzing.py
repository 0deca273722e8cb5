"""The program of `make fuzz`: some cases of each target hold, failures are kept, and a case can be repeated."""

from __future__ import annotations

import random
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from depparse.errors import DepparseError
from tests.fuzzing.__main__ import main, run_case
from tests.fuzzing.mutators import mutate_bytes, mutate_json, mutate_lines
from tests.fuzzing.targets import Fuzzer


@pytest.fixture(scope="module")
def fuzzer(tmp_path_factory: pytest.TempPathFactory) -> Fuzzer:
    return Fuzzer(tmp_path_factory.mktemp("fuzzing"))


@pytest.mark.parametrize(
    "target", ["conllu", "formats", "parquet", "settings", "folders", "texts", "patterns", "rules"]
)
def test_a_few_cases_of_each_target_hold(fuzzer: Fuzzer, target: str) -> None:
    assert [run_case(fuzzer, target, 1, number, 60.0) for number in range(20)] == [None] * 20


def test_a_good_part_of_the_cases_is_read(fuzzer: Fuzzer) -> None:
    read = 0
    for number in range(40):
        try:
            fuzzer.conllu(random.Random(number))
            read += 1
        except DepparseError:
            pass
    assert 5 <= read <= 35


def test_failures_are_kept_and_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(fuzzer: Fuzzer, rng: random.Random) -> None:
        if rng.random() < 0.5:
            raise KeyError("a fault")

    def loop(fuzzer: Fuzzer, rng: random.Random) -> None:
        while True:
            pass

    monkeypatch.setattr(Fuzzer, "settings", fail)
    monkeypatch.setattr(Fuzzer, "texts_", loop)
    output = str(tmp_path / "failures")
    assert main(["--only", "settings", "--count", "8", "--output", output]) == 1
    kept = sorted((tmp_path / "failures").iterdir())
    assert 0 < len(kept) < 8
    assert "KeyError: 'a fault'" in (kept[0] / "reason.txt").read_text()
    number = kept[0].name.rpartition("-")[2]
    assert main(["--only", "settings", "--case", number, "--output", output]) == 1
    assert main(["--only", "texts", "--count", "1", "--limit", "0.1", "--output", output]) == 1
    assert "texts case 0, seed 1" in capsys.readouterr().out
    assert "stopped after 1.2 s" in (tmp_path / "failures" / "texts-1-0" / "reason.txt").read_text()


@pytest.mark.parametrize(("slow_runs", "reason"), [(1, None), (2, "over 0.1 s")])
def test_the_second_run_of_a_slow_case_counts(fuzzer: Fuzzer, slow_runs: int, reason: str | None) -> None:
    runs = []

    def wait(rng: random.Random) -> None:
        runs.append(1)
        end = time.process_time() + 0.2
        while len(runs) <= slow_runs and time.process_time() < end:
            pass

    found = run_case(SimpleNamespace(targets={"wait": wait}), "wait", 1, 0, 0.1)  # type: ignore[arg-type]
    assert found is None if reason is None else reason in found


def test_mutations_depend_on_the_generator_alone() -> None:
    for mutate, value in (
        (mutate_bytes, b"abc\tdef"),
        (mutate_lines, "a\tb\nc\td"),
        (mutate_json, {"a": [1, {"b": 2}]}),
    ):
        first, second = ([mutate(random.Random(seed), value) for seed in range(50)] for _ in range(2))
        assert repr(first) == repr(second)
        assert sum(mutated != value for mutated in first) > 25
