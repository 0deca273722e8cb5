"""Runs the command line of depparse within this process, and writes down its outputs without machine and time."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import runpy
import shlex
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import torch
from golden_comparison import INDEX

import depparse

ROOT = Path(__file__).resolve().parent.parent
_STATUS = ".status.txt"  # ends the name of a file that has a command's exit code and standard error
_ENDINGS = {"two-column": "tsv", "text": "txt", "conll2003": "txt"}

# Patterns of text that varies with the machine and the day, and what replaces them, by the files with it: all files …
_EVERYWHERE = [
    (re.compile(rf"\bdepparse {re.escape(depparse.__version__)}"), "depparse <version>"),
]
# … the output of training …
_OF_TRAINING = [
    (re.compile(r"^about .* to go\n", re.MULTILINE), ""),
    (re.compile(r"^(epoch \d+), \d+:[\d:]+;", re.MULTILINE), r"\1, <time>;"),
    (re.compile(r" +\d+:\d\d(?::\d\d)?(?=  best|\n| {4,})"), " <time>"),
    (re.compile(r"^(?:\d+ s|\d+ min|\d+ h \d\d)(?=; the model is in )", re.MULTILINE), "<time>"),
    (re.compile(r"(?<=; loss ).*"), lambda match: re.sub(r"[\d.]+(?= |$)", "<loss>", match[0])),
]
# … and cards.
_OF_CARDS = [
    (re.compile(r"^(\| (?:depparse|torch|minutes of training|words a second in training|peak memory) \|).*\|$", re.M),
     r"\1 <varies> |"),
    (re.compile(r"(manifest\.json has the SHA-256) `\w+`"), r"\1 `<hash>`"),
]  # fmt: skip
_TIMES = ("seconds", "words_per_second", "peak_memory_mib")  # keys that vary in a line of the log of training


class Recorder:
    """Writes outputs to `folder`. Commands run in the folder `work`, whose path is in no output."""

    def __init__(self, folder: Path, work: Path) -> None:
        self.folder, self.work = folder, work
        self.commands: dict[str, str] = {}

    def command(
        self,
        name: str,
        *arguments: str | Path,
        input: str | bytes = b"",
        ending: str = "",
        clean: Callable[[str], str] = lambda text: text,
        keep: Sequence[str] = (),
    ) -> str:
        """Runs ``depparse ARGUMENTS`` and writes standard output to ``NAME.ENDING``, exit code and errors beside it.

        Without an `ending`, ``--to`` or ``--json`` tell it. `clean` removes what varies. `keep` are files written by
        the command, which are written down as well. Returns standard output.
        """
        words = [str(argument) for argument in arguments]
        code, output, errors = run(words, input.encode() if isinstance(input, str) else input, self.work)
        ending = ending or _ending(words)
        self.commands[name] = shlex.join(["depparse", *words])
        if output:
            self.text(f"{name}.{ending}", clean(output))
        if errors or code:
            self.text(f"{name}{_STATUS}", clean(f"exit code {code}\n{errors}"))
        for file in keep:
            path = self.work / file
            self.text(f"{name}.{path.name}", clean(path.read_bytes().decode("utf-8", "surrogateescape")))
        return output

    def train(self, name: str, *arguments: str | Path) -> Path:
        """Runs ``depparse train ARGUMENTS --output runs/NAME``, and writes down all that it prints and leaves.

        Returns the run's folder, relative to the one in which commands run.
        """
        run_folder = Path("runs") / Path(name).name
        self.command(f"{name}/train", "train", *arguments, "--output", run_folder, clean=_clean_training)
        self.left_by(name, run_folder)
        return run_folder

    def left_by(self, name: str, run_folder: Path) -> None:
        """Writes down the logs of a run, its recipe, its card, and the names of the files that it leaves."""
        folder = self.work / run_folder
        for log in sorted(folder.glob("*.jsonl")):
            lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
            kept = [{key: value for key, value in line.items() if key not in _TIMES} for line in lines]
            self.json(f"{name}/{log.stem}.json", kept)
        self.text(f"{name}/recipe.json", (folder / "recipe.json").read_text(encoding="utf-8"))
        self.card(f"{name}/README.md", run_folder / "model")
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        self.text(f"{name}/files.txt", "".join(f"{file}\n" for file in names))

    def card(self, name: str, model: Path) -> None:
        """Writes down the card of a model folder, without hashes, times and versions."""
        self.text(name, _clean_card((self.work / model / "README.md").read_text(encoding="utf-8")))

    def info(self, name: str, model: str | Path) -> None:
        """Writes down the output of ``depparse info`` for a model just trained, as text and as JSON.

        The size in bytes is left out, as it depends on the names of the tensors in a new folder.
        """
        self.command(f"{name}/info", "info", model, clean=lambda text: re.sub(r"(?m)^(size +).*", r"\1<varies>", text))
        self.command(
            f"{name}/info-json", "info", model, "--json",
            clean=lambda text: re.sub(r'"size": \d+', '"size": "<varies>"', text),
        )  # fmt: skip

    def text(self, name: str, text: str) -> None:
        """Writes a text under this name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            stream.write(self._anonymous(text))

    def json(self, name: str, value: object) -> None:
        """Writes a value of JSON under this name."""
        self.text(name, json.dumps(value, ensure_ascii=False, indent=1, default=float) + "\n")

    def error(self, name: str, call: Callable[[], object]) -> None:
        """Writes down the class and the message of the error that the call raises. Fails if it raises none."""
        with inside(self.work):
            try:
                call()
            except Exception as error:
                kinds = [
                    kind.__name__ for kind in type(error).__mro__ if kind not in (Exception, BaseException, object)
                ]
                self.text(f"{name}.txt", f"{' < '.join(kinds)}\n{error}\n")
            else:
                raise AssertionError(f"{name}: no error was raised")

    def finish(self) -> None:
        """Writes the index of commands."""
        self.json(INDEX, dict(sorted(self.commands.items())))

    def _anonymous(self, text: str) -> str:
        """The text without paths of this machine and without the version."""
        package = Path(depparse.__file__).resolve().parent  # this may be in another checkout
        folders = {self.work: "<work>", package: "<package>", package.parent: "<root>", ROOT: "<root>"}
        for path, name in folders.items():
            for spelled in {str(path), str(path.resolve())}:
                text = text.replace(spelled, name)
        for pattern, name in _EVERYWHERE:
            text = pattern.sub(name, text)
        return text


def run(arguments: Sequence[str], input: bytes, folder: Path) -> tuple[int, str, str]:
    """Runs ``depparse ARGUMENTS`` in the folder; returns exit code, standard output and standard error.

    The command runs in this process, as compiling the loops of `depparse.structs` takes far longer than a command.
    """
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n") for name in ("stdout", "stderr")}
    streams["stdin"] = io.TextIOWrapper(io.BytesIO(input), encoding="utf-8")
    code = 0
    torch.manual_seed(0)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    with ExitStack() as stack:
        stack.enter_context(inside(folder))
        stack.enter_context(warnings.catch_warnings())  # also makes earlier warnings come again
        stack.enter_context(patch.object(sys, "argv", ["depparse", *arguments]))
        for name, stream in streams.items():
            stack.enter_context(patch.object(sys, name, stream))
        try:
            runpy.run_module("depparse", run_name="__main__")
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        except Exception as error:  # a bug, which is an output like any other
            code = 1
            sys.stderr.write(f"Traceback: {type(error).__name__}: {error}\n")
    for number, handler in handlers.items():
        signal.signal(number, handler)
        if code == 128 + number:  # the signal was meant for this process
            raise SystemExit(code)
    output, errors = (_content(streams[name]) for name in ("stdout", "stderr"))
    return code, output, errors


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Makes the folder the current one within the block."""
    with contextlib.chdir(folder):
        yield


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder to run commands in, with a copy of the samples under ``corpora``. It is deleted after the block."""
    import shutil

    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(ROOT / "corpora" / "samples", Path(name) / "corpora" / "samples")
        yield Path(name)


def quiet_environment() -> None:
    """Fixes settings that could change an output: the engine, one thread, no network, and the width of lines."""
    os.environ |= {"COLUMNS": "120", "TERM": "dumb", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    os.environ["DEPPARSE_RUNTIME"] = "torch"
    torch.set_num_threads(1)


def _ending(words: Sequence[str]) -> str:
    if "--json" in words:
        return "json"
    if "--to" in words:
        target = words[words.index("--to") + 1]
        return _ENDINGS.get(target, target)
    return "conllu" if words[:1] == ["parse"] else "txt"


def _content(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8", "surrogateescape")


def _clean_training(text: str) -> str:
    for pattern, name in _OF_TRAINING:
        text = pattern.sub(name, text)
    return text


def _clean_card(text: str) -> str:
    for pattern, name in _OF_CARDS:
        text = pattern.sub(name, text)
    return text
