"""The speed of depparse and of other parsers: whole processes in turn, from raw text to CoNLL-U on disk.

    python benchmarks/speed.py GOLD.conllu --output speed.jsonl [--system NAME=COMMAND …]
        [--python PYTHON] [--spacy MODEL] [--udpipe MODEL] [--threads 1,2] [--rounds 3] [--copies 10] [--busy]
    python benchmarks/speed.py --show speed.jsonl [--busy]

The text is the raw text of GOLD. A COMMAND has {text} and {output} where the files go, such as "depparse parse {text}
--model en -o {output}"; by default there are two systems, `en` and `en` without graphs and roles. Peers are run by
PYTHON, in whose environment they are installed: spaCy with a trained MODEL (a folder), UDPipe 1 with a MODEL (a file).

Each round runs, for each number of threads, all systems in turn on one sentence (start-up), on the text, and on
`--copies` copies of it. A process may use as many processors as threads, and is started by a small one, since the peak
memory that the system counts includes that of its parent. What the copies take beyond the text is speed without
start-up. Ratios are those of one round, to the first peer: the median, the least and the greatest. LAS is that of the
official scorer (`udeval` of udtools) on the text of the first round.

The runs are written to `--output` as they end; speed_plot.py draws them. `--busy` leaves clock seconds out of the
tables, since other programs disturb them; processor seconds are those of user and system, of all threads.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import depparse
from depparse.document.raw_text import iter_text
from depparse.inference.machine import Processor, environment_of_threads
from depparse.model_folder.description import describe

SYSTEMS = (
    "en=depparse parse {text} --model en -o {output}",
    "en, trees=depparse parse {text} --model en --without enhanced,srl -o {output}",
)
SENTENCE, TEXT, COPIES = "sentence", "text", "copies"  # what a process reads
_RUN = """
import json, os, subprocess, sys, time
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[1])])
begin = time.perf_counter()
process = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
clock = time.perf_counter() - begin
print(json.dumps({"processor": used.ru_utime + used.ru_stime, "clock": clock, "peak": used.ru_maxrss / 1024}))
sys.exit(os.waitstatus_to_exitcode(status))
"""
_SPACY = """
import sys
import spacy
nlp = spacy.load(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as source:
    paragraphs = [" ".join(paragraph.split()) for paragraph in source.read().split("\\n\\n")]
with open(sys.argv[3], "w", encoding="utf-8") as target:
    for doc in nlp.pipe(filter(None, paragraphs)):
        for sentence in doc.sents:
            for number, word in enumerate(sentence, 1):
                root = word.head.i == word.i
                head, relation = ("0", "root") if root else (str(word.head.i - sentence.start + 1), word.dep_ or "dep")
                cells = [str(number), word.text, word.lemma_, word.pos_, word.tag_, str(word.morph), head, relation, "",
                         "" if word.whitespace_ else "SpaceAfter=No"]
                target.write("\\t".join(cell or "_" for cell in cells) + "\\n")
            target.write("\\n")
"""
_UDPIPE = """
import sys
from ufal.udpipe import Model, Pipeline, ProcessingError
model = Model.load(sys.argv[1])  # which the pipeline does not keep alive
pipeline = Pipeline(model, "tokenize", Pipeline.DEFAULT, Pipeline.DEFAULT, "conllu")
error = ProcessingError()
with open(sys.argv[2], encoding="utf-8") as source, open(sys.argv[3], "w", encoding="utf-8") as target:
    target.write(pipeline.process(source.read(), error))
sys.exit(error.message if error.occurred() else 0)
"""


@dataclass(frozen=True)
class System:
    """A parser: a command line with places for two files, and the size of its model in bytes, if that is known."""

    name: str
    command: list[str]
    size: int | None
    is_peer: bool = False

    @classmethod
    def of(cls, text: str) -> System:
        """The system that NAME=COMMAND describes."""
        name, separator, line = text.partition("=")
        if not separator or "{text}" not in line or "{output}" not in line:
            raise SystemExit(f"a system is NAME=COMMAND with {{text}} and {{output}} in the command, not {text!r}")
        command = shlex.split(line)
        # `python -m depparse` has an -m of its own.
        models = [value for option, value in pairwise(command) if option in ("--model", "-m") and value != "depparse"]
        if command[0] == "depparse":
            command[:1] = [sys.executable, "-m", "depparse"]
        return cls(name, command, describe(models[0]).size if models else None)

    @classmethod
    def peer(cls, name: str, python: Path, code: str, model: Path) -> System:
        """The system whose Python code reads and writes files with a model."""
        files = [model] if model.is_file() else [file for file in model.rglob("*") if file.is_file()]
        command = [str(python), "-c", code, str(model), "{text}", "{output}"]
        return cls(name, command, sum(file.stat().st_size for file in files), is_peer=True)

    def run(self, text: Path, output: Path, threads: int) -> dict[str, float]:
        """Runs the system: seconds of the processor and of the clock, and the peak memory in MiB."""
        files = {"{text}": str(text), "{output}": str(output)}
        command = [files.get(word, word) for word in self.command]
        environment = environment_of_threads(threads) | {"HF_HUB_OFFLINE": "1"}
        whole = [sys.executable, "-c", _RUN, str(threads), *command]
        result = subprocess.run(whole, stdout=subprocess.PIPE, text=True, env=environment, check=False)
        if result.returncode:
            raise SystemExit(f"{self.name} ended with code {result.returncode}")
        measured: dict[str, float] = json.loads(result.stdout)
        return measured


def score(gold: Path, output: Path) -> dict[str, float]:
    """The F1 scores in percent that the official scorer gives the file."""
    scorer = Path(sys.executable).with_name("udeval")
    command = [scorer, "-v", "--multiple-roots-okay", gold, output]
    table = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return {name: float(f1) for name, f1 in re.findall(r"^(\w+) *\|[^|]*\|[^|]*\| *([\d.]+)", table, re.MULTILINE)}


def measure(
    systems: list[System], gold: Path, threads: list[int], rounds: int, copies: int
) -> Iterator[dict[str, Any]]:
    """Records of what is measured: the setting, the systems with their scores, and each run."""
    document = depparse.read_conllu(gold)
    text, n_words = "".join(iter_text(document)), sum(map(len, document))
    versions = {"depparse": depparse.__version__, "Python": platform.python_version()}
    setting = {"gold": gold.name, "words": n_words, "copies": copies, "versions": versions}
    yield {"kind": "setting", **setting, "processor": asdict(Processor.here())}
    with tempfile.TemporaryDirectory() as folder:
        texts = {case: Path(folder, f"{case}.txt") for case in (SENTENCE, TEXT, COPIES)}
        texts[SENTENCE].write_text("This is a sentence.\n", encoding="utf-8")
        texts[TEXT].write_text(text, encoding="utf-8")
        texts[COPIES].write_text("\n\n".join([text] * copies), encoding="utf-8")
        output = Path(folder, "parsed.conllu")
        for system in systems:  # not measured: files come into memory, and the text is scored
            system.run(texts[TEXT], output, max(threads))
            scores = score(gold, output)
            yield {"kind": "system", "name": system.name, "size": system.size, "peer": system.is_peer, "scores": scores}
        for number in range(1, rounds + 1):
            for n_threads in threads:
                for case, source in texts.items():
                    for system in systems:
                        run = {"system": system.name, "threads": n_threads, "round": number, "case": case}
                        yield {"kind": "run"} | run | system.run(source, output, n_threads)


class Results:
    """The records of a file, by system."""

    def __init__(self, path: Path) -> None:
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        [self.setting] = [record for record in records if record["kind"] == "setting"]
        self.systems = {record["name"]: record for record in records if record["kind"] == "system"}
        runs = [record for record in records if record["kind"] == "run"]
        self.threads = sorted({run["threads"] for run in runs})
        self._runs = {(run["threads"], run["round"], run["system"], run["case"]): run for run in runs}

        def is_complete(number: int) -> bool:
            ends = ((threads, number, name, COPIES) for threads in self.threads for name in self.systems)
            return all(end in self._runs for end in ends)

        self.rounds = sorted(filter(is_complete, {run["round"] for run in runs}))
        if not self.rounds:
            raise SystemExit(f"{path} holds no complete round")

    def base(self) -> str:
        """The system that the others are compared with: the first peer, else the first of all."""
        return next((name for name, system in self.systems.items() if system["peer"]), next(iter(self.systems)))

    def values(self, threads: int, system: str, case: str, what: str) -> list[float]:
        """The value of a measure in each round."""
        return [self._runs[threads, number, system, case][what] for number in self.rounds]

    def seconds_a_word(self, threads: int, system: str, what: str) -> list[float]:
        """The seconds for a word without start-up, in each round."""
        n_words = self.setting["words"] * (self.setting["copies"] - 1)
        all_seconds = (self.values(threads, system, case, what) for case in (COPIES, TEXT))
        return [(copies - text) / n_words for copies, text in zip(*all_seconds, strict=True)]

    def speed(self, threads: int, system: str, what: str) -> float:
        """The words a second without start-up: the median."""
        seconds = statistics.median(self.seconds_a_word(threads, system, what))
        if seconds <= 0:
            raise SystemExit(f"{system}: the copies took no longer than the text; take a longer text or more copies")
        return 1 / seconds

    def table(self, threads: int, kinds: tuple[str, ...]) -> str:
        """The table for that many threads, in Markdown, with seconds of the processor, of the clock, or both."""
        base = self.base()
        columns = ["", "LAS raw", "model, MB"]
        for kind in kinds:
            columns += [f"{kind} s, whole", f"to {base}", f"{kind} s, one sentence", f"to {base}"]
            columns += [f"words a {kind} s without start-up", f"time to {base}"]
        lines = [[*columns, "peak, MiB"], ["---", *["--:"] * len(columns)]]
        for name, system in self.systems.items():
            size = "" if system["size"] is None else f"{system['size'] / 1e6:.1f}"
            cells = [name, f"{system['scores']['LAS']:.2f}", size]
            for kind in kinds:
                for case in (TEXT, SENTENCE):
                    seconds = self.values(threads, name, case, kind)
                    cells += [
                        f"{statistics.median(seconds):.1f}",
                        _ratio(seconds, self.values(threads, base, case, kind)),
                    ]
                times = [self.seconds_a_word(threads, system_name, kind) for system_name in (name, base)]
                cells += [f"{self.speed(threads, name, kind):,.0f}", _ratio(*times)]
            cells.append(f"{statistics.median(self.values(threads, name, TEXT, 'peak')):,.0f}")
            lines.append(cells)
        return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("|  |", "| |")

    def __str__(self) -> str:
        processor, setting = self.setting["processor"], self.setting
        return (
            f"{setting['gold']}, {setting['words']:,} words, {setting['copies']} copies, {len(self.rounds)} rounds; "
            f"{processor['name']}, {processor['cores']} for use ({' '.join(processor['flags'])})"
        )


def _ratio(seconds: list[float], base: list[float]) -> str:
    ratios = [one / other for one, other in zip(seconds, base, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def show(path: Path, busy: bool) -> None:
    """Prints the tables of a file."""
    results = Results(path)
    print(results)
    for threads in results.threads:
        print(f"\n{threads} thread{'s' if threads > 1 else ''}:\n")
        print(results.table(threads, ("processor",) if busy else ("processor", "clock")))


def main() -> None:
    """Measures by the command line."""
    parser = argparse.ArgumentParser(description="The speed of depparse and of other parsers.")
    parser.add_argument("gold", type=Path, nargs="?", metavar="GOLD.conllu", help="its raw text is parsed, and scored")
    parser.add_argument("--output", type=Path, metavar="FILE.jsonl", help="where the runs are written")
    parser.add_argument("--show", type=Path, metavar="FILE.jsonl", help="print the tables of earlier runs instead")
    parser.add_argument("--system", action="append", metavar="NAME=COMMAND", help="a system, in place of the default")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="the interpreter of the peers")
    parser.add_argument("--spacy", type=Path, metavar="MODEL", help="a model of spaCy: a folder")
    parser.add_argument("--udpipe", type=Path, metavar="MODEL", help="a model of UDPipe 1: a file")
    parser.add_argument("--threads", default="1", metavar="N,N", help="numbers of threads")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--copies", type=int, default=10, help="how often the long text has the text")
    parser.add_argument("--busy", action="store_true", help="leave clock seconds out of the tables")
    options = parser.parse_args()
    if options.show is not None:
        show(options.show, options.busy)
        return
    if options.gold is None or options.output is None or options.copies < 2:
        parser.error("give GOLD.conllu, --output, and at least 2 copies")
    threads = [int(number) for number in options.threads.split(",")]
    if max(threads) > (cores := Processor.here().cores):
        parser.error(f"{max(threads)} threads need as many processors, but this process may use {cores}")
    peers = [("spaCy", _SPACY, options.spacy), ("UDPipe 1", _UDPIPE, options.udpipe)]
    systems = [System.peer(name, options.python, code, model) for name, code, model in peers if model is not None]
    systems += map(System.of, options.system or SYSTEMS)
    with options.output.open("w", encoding="utf-8") as out:
        for record in measure(systems, options.gold, threads, options.rounds, options.copies):
            out.write(f"{json.dumps(record)}\n")
            out.flush()
    show(options.output, options.busy)


if __name__ == "__main__":
    main()
