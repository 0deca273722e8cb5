"""Processor time and peak memory of unusual input: very long sentences, words and files, and very many sentences.

    python benchmarks/bounds.py MODEL [--without PARTS …] [--cases NAMES] [--scale 1.0] [--treebank FOLDER]
        [--seconds 36000] [--gigabytes 8]

MODEL is anything that `depparse parse --model` takes. Each input is parsed by a `depparse parse` of its own, from a
file to CoNLL-U in a file, so that the figures are those of a whole process with its start-up. The words are those of
the dev file of a UD treebank, by default English-EWT in $DEPPARSE_SHARED (by default ../shared). The cases:

- sentence: one sentence of 10,000 words, already segmented;
- blank: 1,000,000 letters of raw text without a blank;
- lines: 100,000 sentences of one word, already segmented;
- text1, text10: 1 MB and 10 MB of raw text, of which the second must not need more memory (aim: 1.05 times as much).

`--without` may be given several times, and makes a column of the table each time; `--without ""` leaves nothing out.
`--scale` multiplies the sizes, for a quick run. A process that would take more than `--seconds` of processor time or
`--gigabytes` of address space is stopped, and the table says so.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from raw import copies

from depparse.document.raw_text import iter_text
from depparse.document.sentence import Sentence
from depparse.formats.conllu import iter_conllu
from depparse.treebanks.treebank import find_splits

# The peak that the system counts for a process includes the memory of its parent. So a small parent starts it.
_USED = """
import os, resource, subprocess, sys
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]),) * 2)
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
process = subprocess.Popen(sys.argv[3:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


class Used(NamedTuple):
    """What a process took."""

    code: int  # its exit status, 0 if it was not stopped
    seconds: float  # of the processor
    mebibytes: float  # at its peak


def measure(command: Sequence[str], seconds: float, gigabytes: float) -> Used:
    """What the process of the command takes, which is stopped at these limits."""
    limits = [str(int(seconds)), str(int(gigabytes * 10**9))]
    printed = subprocess.run([sys.executable, "-c", _USED, *limits, *command], stdout=subprocess.PIPE, check=True)
    code, spent, kibibytes = printed.stdout.split()
    return Used(int(code), float(spent), int(kibibytes) / 1024)


class Case(NamedTuple):
    """An input: what it is called, its format, and a function that writes it in a multiple of its size."""

    title: str
    format: str
    write: Callable[[TextIO, Sequence[Sentence], float], None]


def endless(sentences: Sequence[Sentence]) -> Iterator[str]:
    """The words of the sentences, over and over."""
    for sentence in itertools.cycle(sentences):
        yield from sentence.columns["FORM"]


def write_sentence(out: TextIO, sentences: Sequence[Sentence], scale: float) -> None:
    """One sentence of 10,000 words."""
    words = itertools.islice(endless(sentences), max(1, round(10_000 * scale)))
    out.write(Sentence.from_forms(list(words)).to_conllu())


def write_blank(out: TextIO, sentences: Sequence[Sentence], scale: float) -> None:
    """1,000,000 letters without a blank."""
    letters = filter(str.isalpha, itertools.chain.from_iterable(endless(sentences)))
    out.writelines(itertools.islice(letters, max(1, round(1_000_000 * scale))))


def write_lines(out: TextIO, sentences: Sequence[Sentence], scale: float) -> None:
    """100,000 sentences of one word."""
    words = itertools.islice(endless(sentences), max(1, round(100_000 * scale)))
    out.writelines(Sentence.from_forms([word]).to_conllu() for word in words)


def _text(megabytes: float) -> Callable[[TextIO, Sequence[Sentence], float], None]:
    def write_text(out: TextIO, sentences: Sequence[Sentence], scale: float) -> None:
        out.writelines(copies("".join(iter_text(sentences)), megabytes * scale))

    return write_text


CASES = {
    "sentence": Case("one sentence of 10,000 words", "conllu", write_sentence),
    "blank": Case("1,000,000 letters without a blank", "text", write_blank),
    "lines": Case("100,000 sentences of one word", "conllu", write_lines),
    "text1": Case("1 MB of text", "text", _text(1)),
    "text10": Case("10 MB of text", "text", _text(10)),
}


def rows(
    model: str, names: Sequence[str], parts: Sequence[str], sentences: Sequence[Sentence], options: argparse.Namespace
) -> Iterator[str]:
    """The lines of the table, each as soon as it is known."""
    heads = [f"{'without ' + each if each else 'all'}: {unit}" for each in parts for unit in ("seconds", "MiB")]
    yield f"| | {' | '.join(heads)} |"
    yield f"|---|{'--:|' * len(heads)}"
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in"), Path(folder, "out.conllu")
        for name in names:
            case = CASES[name]
            with source.open("w", encoding="utf-8") as out:
                case.write(out, sentences, options.scale)
            cells = []
            for each in parts:
                command = [sys.executable, "-m", "depparse", "parse", str(source), "--from", case.format]
                command += ["--model", model, "--output", str(target), *(["--without", each] if each else [])]
                used = measure(command, options.seconds, options.gigabytes)
                stopped = "stopped at " if used.code else ""
                cells += [f"{stopped}{used.seconds:,.1f}", f"{used.mebibytes:,.0f}"]
            yield f"| {case.title} | {' | '.join(cells)} |"


def main() -> None:
    """Prints the table that the command line asks for."""
    shared = Path(os.environ.get("DEPPARSE_SHARED", Path(__file__).parents[2] / "shared"))
    parser = argparse.ArgumentParser(description="Processor time and peak memory of unusual input.")
    parser.add_argument("model", metavar="MODEL", help="anything that depparse parse --model takes")
    parser.add_argument("--without", action="append", metavar="PARTS", help="parts to switch off; a column for each")
    parser.add_argument("--cases", default=",".join(CASES), metavar="NAMES", help=f"some of {','.join(CASES)}")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the sizes")
    parser.add_argument("--treebank", type=Path, default=shared / "treebanks" / "UD_English-EWT")
    parser.add_argument("--seconds", type=float, default=36_000, help="most processor time of a process")
    parser.add_argument("--gigabytes", type=float, default=8, help="most address space of a process")
    options = parser.parse_args()
    names = options.cases.split(",")
    if unknown := [name for name in names if name not in CASES]:
        parser.error(f"there is no case {unknown[0]!r}; there are {', '.join(CASES)}")
    splits = find_splits(options.treebank)
    sentences = list(iter_conllu(splits.get("dev", splits["train"])))
    print(f"{options.treebank.name}, sizes times {options.scale:g}\n")
    for row in rows(options.model, names, options.without or [""], sentences, options):
        print(row, flush=True)


if __name__ == "__main__":
    main()
