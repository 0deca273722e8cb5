"""What is installed and what works: the report of ``depparse doctor``, which tells what is wrong first. No network."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depparse import __version__
from depparse.libraries import EXTRAS
from depparse.printable import clean, draws_color, draws_unicode

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    from depparse.inference.pipeline import Pipeline

_MODEL = "en"  # the one that comes with depparse
_TEXT = "Anna said that she liked it."
_LEAST_MEMORY = 1.0  # GiB, of which a model, its networks and a batch take about half
_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, what to do about it, and whether nothing can be parsed because of it."""

    problem: str
    remedy: str
    fatal: bool = False


@dataclass(slots=True)
class Checkup:
    """The problems, and all that was found: names and values (text, numbers, None, lists or dictionaries) by topic."""

    problems: list[Problem] = field(default_factory=list)
    topics: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether nothing can be parsed."""
        return any(problem.fatal for problem in self.problems)

    def warn(self, problem: str, remedy: str, *, fatal: bool = False) -> None:
        """Adds a problem; those because of which nothing can be parsed go first."""
        self.problems.append(Problem(problem, remedy, fatal))
        self.problems.sort(key=lambda problem: not problem.fatal)

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return {"version": __version__, "problems": [asdict(problem) for problem in self.problems], **self.topics}

    def __str__(self) -> str:
        lines = [f"{'error' if p.fatal else 'warning'}: {p.problem}\n  to do: {p.remedy}" for p in self.problems]
        lines = lines or ["No problem was found."]
        width = max((len(name) for facts in self.topics.values() for name in facts), default=0) + 2
        for topic, facts in self.topics.items():
            lines += ["", topic.capitalize()]
            lines += [f"  {name.ljust(width)}{_shown(value)}".rstrip() for name, value in facts.items()]
        return "\n".join(clean(line, kept="\n") for line in lines)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(part)}" for name, part in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not installed" if value is None else str(value)


def examine(*, quick: bool = False) -> Checkup:
    """Examines this installation and this machine, and parses a sentence with the bundled model unless `quick`."""
    checkup = Checkup()
    topics: dict[str, Callable[[Checkup], dict[str, Any]]] = {
        "installation": _installation,
        "packages": _packages,
        "extras": _extras,
        "processor": _processor,
        "memory": _memory,
        "accelerators": _accelerators,
        "engine": partial(_engine, quick=quick),
        "models": _models,
        "caches": _caches,
        "terminal": _terminal,
    }
    for topic, examined in topics.items():
        try:
            checkup.topics[topic] = examined(checkup)
        except Exception as error:  # a broken package may raise anything, and must not hide the rest
            remedy = "install depparse again, in a fresh environment"
            if isinstance(error, ImportError) and error.name:
                remedy = f"pip install --force-reinstall {error.name.partition('.')[0]}"
            checkup.warn(f"{topic}: {type(error).__name__}: {error}", remedy, fatal=topic == "engine")
    return checkup


def _installation(_: Checkup) -> dict[str, Any]:
    return {
        "depparse": __version__,
        "folder": str(Path(__file__).parent),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "executable": sys.executable,
        "system": platform.platform(),
    }


# -- packages


def _requirements(extra: str = "") -> list[Requirement]:
    """What depparse asks for, or what an `extra` adds. Raises PackageNotFoundError if depparse is not installed."""
    from packaging.requirements import Requirement

    all_asked = list(map(Requirement, metadata.requires("depparse") or ()))
    own = [asked for asked in all_asked if asked.marker is None or asked.marker.evaluate({"extra": ""})]
    if not extra:
        return own
    others = [asked for asked in all_asked if asked not in own]
    return [asked for asked in others if asked.marker is None or asked.marker.evaluate({"extra": extra})]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _packages(checkup: Checkup) -> dict[str, Any]:
    """The versions of the packages that depparse needs."""
    try:
        requirements = _requirements()
    except metadata.PackageNotFoundError:
        root = Path(__file__).parents[1]
        checkup.warn(f"depparse runs from {root}, but is not installed", f"pip install -e {root}")
        return {}
    versions = {asked.name: _version(asked.name) for asked in requirements}
    if missing := [asked for asked in requirements if versions[asked.name] is None]:
        names = ", ".join(asked.name for asked in missing)
        remedy = "pip install " + " ".join(f"'{asked.name}{asked.specifier}'" for asked in missing)
        checkup.warn(f"packages are missing, so that some commands do not work: {names}", remedy)
    _check_versions(requirements, checkup)
    return versions


def _check_versions(requirements: list[Requirement], checkup: Checkup) -> None:
    """Warns of packages that are installed in another version than depparse asks for."""
    for asked in requirements:
        version = _version(asked.name)
        if version is not None and not asked.specifier.contains(version, prereleases=True):
            problem = f"{asked.name} {version} is not what depparse was made for ({asked.specifier})"
            checkup.warn(problem, f"pip install '{asked.name}{asked.specifier}'")


def _extras(checkup: Checkup) -> dict[str, Any]:
    """The versions of optional packages, or how to install them."""
    facts: dict[str, Any] = {}
    for extra, names in EXTRAS.items():
        with contextlib.suppress(metadata.PackageNotFoundError):  # the topic of packages tells that
            _check_versions(_requirements(extra), checkup)
        versions = {name: _version(name) for name in names}
        missing = [name for name, version in versions.items() if version is None]
        install = f"pip install 'depparse[{extra}]'"
        if not missing:
            facts[extra] = versions if len(names) > 1 else versions[names[0]]
        elif len(missing) < len(names):
            facts[extra] = f"incomplete, without {', '.join(missing)}: {install}"
        else:
            facts[extra] = f"not installed: {install}"
    return facts


# -- the machine


def _processor(checkup: Checkup) -> dict[str, Any]:
    from depparse.inference.machine import THREADS, Processor
    from depparse.layers.graph import available_threads

    here = Processor.here()
    threads = available_threads()
    if threads > here.cores:
        checkup.warn(
            f"OMP_NUM_THREADS asks for {threads} threads, but this process may use {here.cores} cores, which is slower",
            f"set OMP_NUM_THREADS={here.cores}, or unset it",
        )
    if platform.machine().lower() in ("x86_64", "amd64") and here.flags and "avx2" not in here.flags:
        checkup.warn("this processor has no AVX2, so networks take several times as long", "use a newer machine")
    facts: dict[str, Any] = {"name": here.name, "abilities": list(here.flags)}
    facts |= {"cores": here.cores, "of cores": os.cpu_count()}
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="utf-8").split()
        facts["bound of cores"] = bound = round(int(quota) / int(period), 2)
        if threads > max(1, bound):
            checkup.warn(
                f"this container may use {bound} cores, but depparse computes with {threads} threads, which is slower",
                f"set OMP_NUM_THREADS={max(1, int(bound))}",
            )
    return facts | {"threads": threads} | {name: os.environ[name] for name in THREADS if name in os.environ}


def _memory(checkup: Checkup) -> dict[str, Any]:
    """The memory of the machine and what is free of it; in a container, its bound. Only Linux tells."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    kilobytes = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
    found = {"all": kilobytes["MemTotal"] / 2**20, "free": kilobytes["MemAvailable"] / 2**20}
    with contextlib.suppress(OSError, ValueError):
        found["bound"] = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="utf-8")) / _GIB
    if min(found.values()) < _LEAST_MEMORY:
        checkup.warn(f"only {min(found.values()):.1f} GiB of memory are free", "end other programs")
    return {f"{name} (GiB)": round(gib, 1) for name, gib in found.items()}


def _accelerators(checkup: Checkup) -> dict[str, Any]:
    """What torch can use besides the processor."""
    if _version("torch") is None:
        return {"torch": None}
    import torch

    found: dict[str, Any] = {}
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            device = torch.cuda.get_device_properties(number)
            found[f"cuda:{number}"] = f"{device.name}, {device.total_memory / _GIB:.0f} GiB"
    elif Path("/dev/nvidia0").exists() or shutil.which("nvidia-smi"):
        checkup.warn(
            f"there is an NVIDIA GPU, but torch {torch.__version__} cannot use it",
            "install the torch for its driver, as https://pytorch.org/get-started says",
        )
    if torch.backends.mps.is_available():
        found["mps"] = "Metal"
    return found or {"none": "networks are computed by the processor"}


# -- parsing


def _engine(checkup: Checkup, *, quick: bool) -> dict[str, Any]:
    """The engine that computes the bundled model, why, and what it makes of a sentence."""
    from depparse.errors import DepparseError
    from depparse.inference.load import RUNTIME_VARIABLE, load

    try:
        pipeline = load(_MODEL)
    except DepparseError as error:
        chosen = os.environ.get(RUNTIME_VARIABLE)
        remedy = "pip install --force-reinstall depparse" if chosen is None else f"unset {RUNTIME_VARIABLE}"
        checkup.warn(f"{_MODEL} cannot be loaded: {error}", remedy, fatal=True)
        return {"model": _MODEL}
    engine = type(pipeline.scorer).__module__.rpartition(".")[2]
    facts = {"model": _MODEL, "engine": engine, "why": _why(engine)}
    if engine != "openvino" and not os.environ.get(RUNTIME_VARIABLE):
        checkup.warn(f"{engine} computes {_MODEL}, which is slower: {facts['why']}", "pip install openvino")
    if (precision := getattr(pipeline.scorer, "precision", None)) is not None:
        facts["precision"] = precision
    return facts if quick else facts | _self_test(pipeline, checkup)


def _why(engine: str) -> str:
    """Why that engine computes the bundled model."""
    from depparse.errors import DepparseError
    from depparse.inference.load import RUNTIME_VARIABLE, load

    if asked := os.environ.get(RUNTIME_VARIABLE):
        return f"{RUNTIME_VARIABLE}={asked} asks for it"
    if engine == "openvino":
        return "it is faster than torch, and has a graph for each part of the model"
    try:
        load(_MODEL, runtime="openvino")
    except DepparseError as error:
        return f"OpenVINO cannot: {error}"
    return "OpenVINO could not be used"


def _self_test(pipeline: Pipeline, checkup: Checkup) -> dict[str, Any]:
    """Parses a sentence. Its analysis must be trees over the same text, whatever the model predicts."""
    start = time.perf_counter()
    sentences = pipeline(_TEXT).sentences
    seconds = time.perf_counter() - start
    trees = [sentence.heads.count(0) == 1 for sentence in sentences]
    if not sentences or not all(trees) or "".join(s.exact_text for s in sentences) != _TEXT:
        checkup.warn(f"the analysis of {_TEXT!r} is no tree", "pip install --force-reinstall depparse", fatal=True)
    relations = [f"{word.text}/{word.deprel}" for sentence in sentences for word in sentence]
    return {"test": " ".join(relations), "seconds": round(seconds, 2)}


def _models(checkup: Checkup) -> dict[str, Any]:
    """The models that have a name, and those that were fetched from the hub."""
    from depparse.model_folder.description import named
    from depparse.model_folder.find import FOLDER, fetched_models

    facts: dict[str, Any] = {"bundled in": str(FOLDER)}
    for model in named():
        facts[model.name] = model.error or model.folder
        if model.error:
            checkup.warn(f"the model {model.error}", f"install {model.package} again")
    return facts | {name: str(folder) for name, folder in fetched_models().items()}


def _caches(checkup: Checkup) -> dict[str, Any]:
    """The folders of loops that were compiled, and of what was fetched from the hub."""
    from depparse.model_folder.find import hub_cache
    from depparse.structs.compiled import cache_folder

    folder = cache_folder()
    if folder is None:
        checkup.warn(
            "loops are compiled anew in each process, since no folder for them can be written",
            "set NUMBA_CACHE_DIR to a folder that can be written",
        )
    hub = hub_cache()
    return {"compiled loops": folder or "none", "hub": None if hub is None else str(hub)}


def _terminal(checkup: Checkup) -> dict[str, Any]:
    """What standard output can draw."""
    is_terminal, unicode = sys.stdout.isatty(), draws_unicode(sys.stdout)
    if is_terminal and not unicode:
        checkup.warn(
            f"this terminal is said to be {sys.stdout.encoding}, in which trees cannot be drawn",
            "set PYTHONUTF8=1 (and LANG=C.UTF-8), or draw trees by depparse show --ascii",
        )
    size = shutil.get_terminal_size()
    facts = {"terminal": is_terminal, "unicode": unicode, "colours": draws_color(sys.stdout)}
    return facts | {"encoding": sys.stdout.encoding, "columns": size.columns}
