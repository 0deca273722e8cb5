"""The speed, start-up and memory of a model on this machine.

Each round is a process of its own, as a user's would be: it starts, loads the model, analyses a first sentence, and
then parses a text from a file to CoNLL-U in a file, once. So nothing is faster because it was done before.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depparse import __version__
from depparse.arguments import check_number
from depparse.errors import ConfigError, DepparseError
from depparse.evaluation.tables import Table
from depparse.files import check_input, open_input
from depparse.inference.machine import Processor, environment_of_threads, peak_memory_mib

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence

WORDS = 5_000  # of the built-in text
_FIRST = "This is a sentence."
_STARTING, _IMPORTING, _LOADING, _SENTENCE = "start of Python", "import", "loading", "first sentence"
# The first line is the first thing that a process of a round does.
_PROCESS = """
import sys, time; started = time.process_time(), time.perf_counter()
from depparse.inference.benchmark import run_round
run_round(started, sys.argv[1])
"""

Seconds = tuple[float, float]  # of the processor (user and system, all threads), and of the clock


@dataclass(frozen=True, slots=True)
class Round:
    """What one process measured."""

    start_up: dict[str, Seconds]  # by step
    parsing: Seconds  # of the text, from file to file, without start-up
    words: int  # that were found in the text
    sentences: int
    peak_mib: float | None  # of the whole process; None where the system does not tell
    engine: str
    precision: str | None  # in which the engine computed; None if it has only one
    profile: dict[str, float] | None  # seconds by stage, of a second pass over the text in the last round


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What was measured, on what, and where."""

    model: str
    size: int  # bytes of the model's folder
    text: str  # its name
    threads: int
    without: str
    device: str
    profile_clock: str  # what the seconds of the profile are: of the processor, or of the clock
    processor: Processor
    versions: dict[str, str]
    rounds: list[Round]

    def to_dict(self) -> dict[str, Any]:
        """All that was measured, as a dictionary for JSON: bytes, seconds, MiB; pairs are (processor, clock)."""
        return asdict(self)

    def facts(self) -> dict[str, str]:
        """What was measured and where, in words."""
        processor, last = self.processor, self.rounds[-1]
        off = f", without {self.without}" if self.without else ""
        engine = last.engine + (f" in {last.precision}" if last.precision else "")
        return {
            "model": f"{self.model}{off}, {self.size / 1e6:,.1f} MB on disk",
            "engine": f"{engine} on {self.device}, {self.threads} thread{'s' if self.threads > 1 else ''}",
            "text": f"{self.text}: {last.words:,} words in {last.sentences:,} sentences",
            "processor": f"{processor.name}, {processor.cores} for use",
            "its flags": " ".join(processor.flags) or "not told",
            "versions": ", ".join(f"{name} {version}" for name, version in self.versions.items()),
        }

    def tables(self) -> list[Table]:
        """The results: speed and memory, start-up by step, and the time by stage."""
        rounds = self.rounds
        rows = [
            _row("words/s, processor time", [each.words / each.parsing[0] for each in rounds], ",.0f"),
            _row("words/s, clock time", [each.words / each.parsing[1] for each in rounds], ",.0f"),
            _row("start-up, processor s", [sum(s for s, _ in each.start_up.values()) for each in rounds], ".2f"),
            _row("start-up, clock s", [sum(s for _, s in each.start_up.values()) for each in rounds], ".2f"),
        ]
        if peaks := [each.peak_mib for each in rounds if each.peak_mib is not None]:
            rows.append(_row("peak memory, MiB", peaks, ",.0f"))
        n_rounds = f"{len(rounds)} round{'s' if len(rounds) > 1 else ''}, each in a new process"
        tables = [Table(f"Speed: {n_rounds}", ("", "median", "least", "greatest"), rows)]
        steps = [
            (step, *(f"{statistics.median(each.start_up[step][kind] for each in rounds):.2f}" for kind in (0, 1)))
            for step in rounds[0].start_up
        ]
        tables.append(Table("Start-up to the first sentence: median seconds", ("", "processor", "clock"), steps))
        if profile := rounds[-1].profile:
            whole = sum(profile.values())
            stages = [(stage, f"{spent:.2f}", f"{spent / whole:.1%}") for stage, spent in profile.items()]
            title = f"Profile by stage: {self.profile_clock} seconds, the text once more in the last round"
            tables.append(Table(title, ("", "seconds", "share"), [*stages, ("all", f"{whole:.2f}", f"{1:.1%}")]))
        return tables


def _row(name: str, values: list[float], form: str) -> tuple[str, ...]:
    return (name, *(format(value, form) for value in (statistics.median(values), min(values), max(values))))


def measure(
    model: str,
    text: str | None = None,
    *,
    words: int | None = None,
    rounds: int = 3,
    threads: int = 1,
    without: str = "",
    device: str = "cpu",
    runtime: str = "auto",
    precision: str = "auto",
    say: Callable[[str], None] = lambda _: None,
) -> Benchmark:
    """Measures the model in `rounds` new processes with so many `threads`; `say` is told what is going on.

    `text` is a file, or ``-`` for standard input. By default the text is that of the sample treebank of the model's
    language, or else of English, repeated up to `words` words. The parts in `without` are switched off. For `device`,
    `runtime` and `precision`, see `depparse.load`.

    Raises ModelError, ConfigError and FormatError for a wrong model, argument or text, and DepparseError if a process
    fails.
    """
    from depparse.model_folder.description import describe

    for name, value in (("words", words), ("rounds", rounds), ("threads", threads)):
        if value is not None:
            check_number(value, name, name)
    if text is not None and words is not None:
        raise ConfigError("words are those of the built-in text, which is repeated; your own text is taken as it is")
    description = describe(model)
    with tempfile.TemporaryDirectory() as folder:
        source, name = _source(text, Path(folder), description.facts.languages(), words or WORDS)
        job = {
            "model": description.folder,
            "source": str(source),
            "folder": folder,
            "without": without,
            "device": device,
            "runtime": runtime,
            "precision": precision,
            # Threads and other devices compute while the thread that waits for them spends no processor time.
            "clock": "processor" if threads == 1 and device == "cpu" else "clock",
        }
        measured = []
        for number in range(1, rounds + 1):
            say(f"round {number} of {rounds}")
            measured.append(_run_process(job | {"profile": number == rounds}, threads))
    clock, here = str(job["clock"]), Processor.here()
    return Benchmark(model, description.size, name, threads, without, device, clock, here, _versions(), measured)


def _source(text: str | None, folder: Path, languages: list[str], words: int) -> tuple[Path, str]:
    """The file with the text, and the name of the text."""
    from depparse.formats.table import guess_format

    if text is None:
        source = folder / "text.txt"
        name, pieces = _built_in(languages, words)
        source.write_text("".join(pieces), encoding="utf-8")
        return source, name
    if text == "-":
        source = folder / "text.txt"
        with open_input(text) as stream:
            source.write_bytes(stream.read())
        return source, "standard input"
    check_input(text)
    if (format := guess_format(text, "text")) != "text":
        raise ConfigError(f"{text} is {format}, but raw text is needed: depparse convert {text} --to text -o FILE.txt")
    return Path(text), Path(text).name


def _built_in(languages: list[str], words: int) -> tuple[str, Iterable[str]]:
    """The name of the text that comes with depparse, in the first of the languages that has one, and its pieces."""
    from depparse.document.raw_text import iter_text
    from depparse.formats.conllu import iter_conllu
    from depparse.treebanks.catalogue import samples

    folders = samples()
    names = [f"UD_{language}-Sample" for language in (*languages, "English")]
    folder = folders[next(name for name in names if name in folders)]
    sentences = [sentence for path in sorted(folder.glob("*-ud-*.conllu")) for sentence in iter_conllu(path)]

    def repeated() -> Iterator[Sentence]:
        n_words = 0
        for sentence in cycle(sentences):
            yield sentence
            n_words += len(sentence)
            if n_words >= words:
                return

    return f"sentences of {folder.name}, repeated", iter_text(repeated())


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    versions = {"depparse": __version__, "Python": platform.python_version()}
    for package in ("numpy", "openvino", "torch"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def _run_process(job: dict[str, Any], threads: int) -> Round:
    """Does a job in a new process. Raises DepparseError if it fails."""
    result = Path(job["folder"], "result.json")
    result.unlink(missing_ok=True)
    job = job | {"result": str(result), "begun": time.perf_counter()}  # a clock that all processes share
    command = [sys.executable, "-c", _PROCESS, json.dumps(job)]
    code = subprocess.run(
        command, stdout=subprocess.DEVNULL, env=environment_of_threads(threads), check=False
    ).returncode
    if code or not result.exists():
        raise DepparseError(f"the measured process ended with code {code}; if memory ran out, take a shorter text")
    data = json.loads(result.read_text(encoding="utf-8"))
    if "error" in data:
        raise ConfigError(data["error"])
    if not data["words"]:
        raise ConfigError("the text has no words, so there is nothing to measure")
    return Round(**data)


# -- in the process of a round


def run_round(started: Seconds, job: str) -> None:
    """Does the job of one round, and writes the result as JSON. `started` are the clocks when the process began."""
    asked = json.loads(job)
    try:
        result = _measure_round(started, asked)
    except DepparseError as error:
        result = {"error": str(error)}
    Path(asked["result"]).write_text(json.dumps(result), encoding="utf-8")


def _measure_round(started: Seconds, asked: dict[str, Any]) -> dict[str, Any]:
    processor, clock = started
    start_up = {_STARTING: (processor, clock - asked["begun"])}
    last = started

    def lap() -> Seconds:
        """The seconds since the last call."""
        nonlocal last
        before, last = last, (time.process_time(), time.perf_counter())
        return last[0] - before[0], last[1] - before[1]

    from depparse.formats.conllu import write_conllu
    from depparse.inference import memory
    from depparse.inference.load import load

    start_up[_IMPORTING] = lap()
    memory.keep_blocks_on_heap()  # as `depparse parse` does
    pipeline = load(Path(asked["model"]), asked["device"], runtime=asked["runtime"], precision=asked["precision"])
    request = pipeline.request(without=asked["without"])
    start_up[_LOADING] = lap()
    pipeline(_FIRST, request=request)
    start_up[_SENTENCE] = lap()

    source, target = Path(asked["source"]), Path(asked["folder"], "parsed.conllu")
    n_words = n_sentences = 0

    def counted(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        nonlocal n_words, n_sentences
        for sentence in sentences:
            n_words, n_sentences = n_words + len(sentence), n_sentences + 1
            yield sentence

    sentences = pipeline.read([source], "text", request=request)
    write_conllu(counted(pipeline.annotate_stream(sentences, request=request)), target)
    parsing = lap()
    peak = peak_memory_mib()
    profile = None
    if asked["profile"]:
        from depparse.inference import profile as profiles

        now = time.thread_time if asked["clock"] == "processor" else time.perf_counter
        profile = profiles.profile(pipeline, source, target, now, request)
    engine = "none" if pipeline.scorer is None else type(pipeline.scorer).__module__.rpartition(".")[2]
    return {
        "start_up": start_up, "parsing": parsing, "words": n_words, "sentences": n_sentences, "peak_mib": peak,
        "engine": engine, "precision": getattr(pipeline.scorer, "precision", None), "profile": profile,
    }  # fmt: skip
