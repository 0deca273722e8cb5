"""``depparse doctor``: what it reports, what it warns of, and its exit code."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import depparse.structs.compiled
from depparse import __version__, doctor
from depparse.doctor import Checkup, Problem, examine
from depparse.errors import ModelError
from depparse.inference import load as loading
from depparse.inference.machine import Processor
from depparse.libraries import EXTRAS
from depparse.model_folder import description
from depparse.model_folder.description import Named

TOPICS = "installation packages extras processor memory accelerators engine models caches terminal".split()


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "depparse", "doctor", *arguments],
        env=os.environ | environment, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


def test_a_report_of_this_installation() -> None:
    result = command("--json")
    assert (result.returncode, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    assert list(report) == ["version", "problems", *TOPICS]
    assert report["version"] == report["installation"]["depparse"] == __version__
    assert report["installation"]["executable"] == sys.executable
    assert report["packages"]["numpy"]
    assert list(report["extras"]) == list(EXTRAS)
    assert report["engine"]["engine"] in ("openvino", "torch")
    assert report["engine"]["test"].startswith("Anna/nsubj said/root ")
    assert Path(report["models"]["en"], "config.json").is_file()
    assert report["processor"]["cores"] >= report["processor"]["threads"] >= 1
    assert report["terminal"]["terminal"] is False


def test_what_stops_parsing_is_an_error_and_exit_code_1() -> None:
    result = command("--quick", DEPPARSE_RUNTIME="tensorflow", PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (1, "")
    first, second, *_ = result.stdout.splitlines()
    assert first.startswith("error: en cannot be loaded: DEPPARSE_RUNTIME is one of auto, torch, openvino, not 'tensor")
    assert second == "  to do: unset DEPPARSE_RUNTIME"


def problems(topic: str, monkeypatch: pytest.MonkeyPatch) -> list[Problem]:
    """The problems that one topic has."""
    for name in TOPICS:
        if name != topic:
            monkeypatch.setattr(doctor, f"_{name}", lambda *_, **__: {})
    return examine(quick=True).problems


def test_packages_that_are_missing_or_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"numpy": "1.26.0"}
    asked = ["numpy>=2.0", "pandas>=2.2", "torch>=2.5", 'ray>=3; extra == "ray"']
    monkeypatch.setattr(doctor.metadata, "requires", lambda _: asked)
    monkeypatch.setattr(doctor, "_version", versions.get)
    missing = "packages are missing, so that some commands do not work: pandas, torch"
    assert problems("packages", monkeypatch) == [
        Problem(missing, "pip install 'pandas>=2.2' 'torch>=2.5'"),
        Problem("numpy 1.26.0 is not what depparse was made for (>=2.0)", "pip install 'numpy>=2.0'"),
    ]


def test_extras_that_are_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [
        "numpy>=2.0",
        'spacy>=3.8.2; extra == "spacy"',
        'ray[data]>=2.60; extra == "ray"',
        'mypy>=9; extra == "dev"',
    ]
    asked.append('old>=1; python_version < "3" and extra == "spacy"')
    monkeypatch.setattr(doctor.metadata, "requires", lambda _: asked)
    versions = {"numpy": "1.26.0", "spacy": "3.0.0", "ray": "2.61.0", "mypy": "1.0", "old": "0.1"}
    monkeypatch.setattr(doctor, "_version", versions.get)
    assert problems("extras", monkeypatch) == [
        Problem("spacy 3.0.0 is not what depparse was made for (>=3.8.2)", "pip install 'spacy>=3.8.2'")
    ]


def test_a_checkout_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise doctor.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "requires", fail)
    (problem,) = problems("packages", monkeypatch)
    assert problem.remedy == f"pip install -e {Path(doctor.__file__).parents[1]}"


def test_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"spacy": "3.8.0", "fastapi": "1.0"}
    monkeypatch.setattr(doctor, "_version", versions.get)
    facts = doctor._extras(Checkup())
    assert facts["spacy"] == "3.8.0"
    assert facts["polars"] == "not installed: pip install 'depparse[polars]'"
    missing = "prometheus_client, python_multipart, uvicorn"
    assert facts["server"] == f"incomplete, without {missing}: pip install 'depparse[server]'"


def test_threads_and_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Processor, "here", lambda: Processor("Old", 2, ("fma",)))
    monkeypatch.setattr(doctor.platform, "machine", lambda: "x86_64")
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    first, second = problems("processor", monkeypatch)
    assert first.problem == "OMP_NUM_THREADS asks for 8 threads, but this process may use 2 cores, which is slower"
    assert first.remedy == "set OMP_NUM_THREADS=2, or unset it"
    assert "no AVX2" in second.problem


def test_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_LEAST_MEMORY", 1e6)
    (problem,) = problems("memory", monkeypatch)
    assert problem.problem.startswith("only ")


def test_why_torch_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ModelError("no graph")

    monkeypatch.setattr(loading, "load", fail)
    monkeypatch.delenv("DEPPARSE_RUNTIME", raising=False)
    assert doctor._why("torch") == "OpenVINO cannot: no graph"
    (problem,) = problems("engine", monkeypatch)
    assert problem == Problem("en cannot be loaded: no graph", "pip install --force-reinstall depparse", fatal=True)
    monkeypatch.setenv("DEPPARSE_RUNTIME", "torch")
    assert doctor._why("torch") == "DEPPARSE_RUNTIME=torch asks for it"


def test_torch_in_place_of_openvino_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = depparse.load("en")
    monkeypatch.setattr(type(pipeline.scorer), "__module__", "depparse.runtimes.torch")
    monkeypatch.setattr(loading, "load", lambda *_, **__: pipeline)
    monkeypatch.delenv("DEPPARSE_RUNTIME", raising=False)
    (problem,) = problems("engine", monkeypatch)
    assert problem.problem == "torch computes en, which is slower: OpenVINO could not be used"


def test_an_analysis_that_is_no_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> depparse.Document:
        return depparse.Document([depparse.Sentence.from_forms(text.split())])

    checkup = Checkup()
    doctor._self_test(broken, checkup)  # type: ignore[arg-type]
    assert checkup.failed


def test_broken_models_of_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(description, "named", lambda: [Named("x", "models-x 1.0", error="x: there is none")])
    assert problems("models", monkeypatch) == [Problem("the model x: there is none", "install models-x 1.0 again")]


def test_models_fetched_from_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    for name, files in {
        "models--ann--parser": ["config.json", "vocab.json", "model.safetensors", "manifest.json"],
        "models--ann--other": ["config.json", "manifest.json"],
    }.items():
        folder = tmp_path / name / "snapshots" / "abc"
        folder.mkdir(parents=True)
        for file in files:
            (folder / file).touch()
    facts = doctor._models(Checkup())
    assert facts["ann/parser"] == str(tmp_path / "models--ann--parser" / "snapshots" / "abc")
    assert "ann/other" not in facts


def test_where_compiled_loops_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Path(depparse.structs.compiled.cache_folder() or "").name
    monkeypatch.setattr(depparse.structs.compiled, "cache_folder", lambda: None)
    (problem,) = problems("caches", monkeypatch)
    assert "NUMBA_CACHE_DIR" in problem.remedy


def test_a_terminal_without_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdout", Terminal(io.BytesIO(), encoding="ascii"))
    (problem,) = problems("terminal", monkeypatch)
    assert problem.problem == "this terminal is said to be ascii, in which trees cannot be drawn"


def test_a_package_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "depparse.inference.load", None)
    (problem,) = problems("engine", monkeypatch)
    assert (problem.remedy, problem.fatal) == ("pip install --force-reinstall depparse", True)


def test_a_topic_that_cannot_be_examined_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Checkup) -> dict[str, Any]:
        raise OSError("no")

    for name in TOPICS:
        monkeypatch.setattr(doctor, f"_{name}", lambda *_, **__: {"x": True})
    monkeypatch.setattr(doctor, "_memory", fail)
    checkup = examine()
    assert [problem.problem for problem in checkup.problems] == ["memory: OSError: no"]
    assert not checkup.failed
    assert set(checkup.topics) == set(TOPICS) - {"memory"}
    assert "  x  yes" in str(checkup)
