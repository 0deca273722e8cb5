"""The command line as a whole: help, mistakes, pipes, interrupts."""

from __future__ import annotations

import io
import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import depparse
from depparse.cli.progress import progress
from tests.cli.conftest import Run

DEV = Path("UD_English-Sample") / "en_sample-ud-dev.conllu"


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 2, result
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    assert result.stderr.startswith("depparse: error: ")
    return result.stderr


def test_version_and_help_are_printed(run: Run) -> None:
    assert run("--version").stdout == f"depparse {depparse.__version__}\n"
    result = run("--help")
    assert result.returncode == 0
    for word in ("convert", "corpora", "evaluate", "Examples"):
        assert word in result.stdout
    assert run().stdout == result.stdout
    assert run("-h").stdout == result.stdout


@pytest.mark.parametrize(
    "command",
    [
        "convert",
        "evaluate",
        "train",
        "parse",
        "show",
        "info",
        "benchmark",
        "pack",
        "doctor",
        "corpora",
        "corpora list",
        "corpora check",
        "corpora stats",
    ],
)
def test_each_command_has_help_with_an_example(command: str, run: Run) -> None:
    result = run(*command.split(), "--help")
    assert result.returncode == 0
    assert f"depparse {command}" in result.stdout
    assert "xample" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["convrt"], "No such command 'convrt'. Did you mean 'convert'?"),
        (["help"], "No such command 'help'; there are: parse, show, train, "),
        (["corpora", "info"], "No such command 'info'; there are: "),
        (["convert", "--form", "conllu", "x"], "No such option: --form"),
        (["convert"], "Missing argument 'file'"),
        (["convert", "nowhere.conllu", "--to", "text"], "nowhere.conllu: cannot be read: no such file or directory"),
        (["convert", "x.conllu", "--to", "txt"], "there is no format 'txt'; did you mean text?"),
        (["convert", "x.conllu"], "say the format to write: --to FORMAT"),
        (["convert", "x.conllu", "--to", "conllu", "--wrap", "80"], "--wrap goes with --to text"),
        (["convert", "x.conllu", "--to", "text", "--wrap", "0"], "at least 1, not 0"),
        (["convert", "x.conllu", "--to", "text", "--wrap", "many"], "Invalid value for '--wrap'"),
        (["convert", "x.conllu", "--to", "parquet"], "Parquet is written to a file"),
        (["convert", "x.conllu", "--to", "text", "-o", "no/such/folder/x"], "cannot be written"),
    ],
)
def test_mistakes_are_one_line_with_a_remedy(arguments: list[str], message: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.conllu").write_text("", encoding="utf-8")
    assert message in one_line(run(*arguments))


def test_convert_works_in_a_pipe(run: Run, samples: Path) -> None:
    text = (samples / DEV).read_text(encoding="utf-8")
    assert run("convert", "-", "--from", "conllu", "--to", "conllu", input=text).stdout == text
    result = run("convert", "-", "--from", "conllu", "--to", "text", input=text)
    assert result.stdout.startswith("Dear John,")
    assert result.stderr == ""


def test_a_reader_that_has_seen_enough_is_no_error(samples: Path) -> None:
    path = samples / "UD_English-Sample" / "en_sample-ud-train.conllu"
    for arguments in (f"convert {path} --to conllu", f"evaluate {path} {path}", "corpora list", "--help"):
        command = f"{sys.executable} -m depparse {arguments} | true; echo ${{PIPESTATUS[0]}}"
        result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
        assert (result.stdout, result.stderr) == ("141\n", ""), arguments


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_one_line(samples: Path) -> None:
    path = samples / "UD_English-Sample" / "en_sample-ud-train.conllu"
    for arguments in (f"convert {path} --to conllu", f"evaluate {path} {path}", "corpora list", "--help"):
        command = f"{sys.executable} -m depparse {arguments} >/dev/full"
        result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        assert (result.returncode, result.stderr) == (2, "depparse: error: no space left on device\n"), arguments


def test_names_that_are_too_long_are_one_line(run: Run, samples: Path) -> None:
    name = "x" * 300 + ".conllu"
    assert "file name too long" in one_line(run("convert", samples / DEV, "-o", name))
    assert "file name too long" in one_line(run("convert", name, "--to", "text"))


@pytest.mark.parametrize(
    ("command", "code", "errors"),
    [
        ("convert {} --to conllu >&-", 0, ""),
        ("convert {} --to conllu >&- <&- 2>&-", 0, ""),
        ("convert - --from conllu --to text <&-", 2, "depparse: error: standard input cannot be read: it is closed\n"),
        ("convert nowhere.conllu --to text 2>&-", 2, ""),
        ("convert nowhere.conllu --to text 2>/dev/null >&-", 2, ""),
    ],
)
def test_closed_streams_are_no_traceback(command: str, code: int, errors: str, samples: Path) -> None:
    line = f"{sys.executable} -m depparse {command.format(samples / DEV)}"
    result = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (code, "", errors)


def test_the_entry_point_is_light() -> None:
    """The handler of interrupts must be there before the commands are loaded, which takes long."""
    code = "import sys, depparse.cli.main; print({'typer', 'rich', 'numpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_an_interrupt_while_the_commands_are_loaded_is_one_line() -> None:
    code = (
        "import sys, depparse.cli.main as m\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        "m.main()\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (130, "depparse: error: interrupted\n")


def test_help_names_the_commands_of_corpora(run: Run) -> None:
    text = run("--help").stdout
    for part in (
        "Treebanks: list, get, stats, profile, check, query and relabel",
        "depparse corpora check ",
        "depparse corpora get ",
    ):
        assert part in text


def test_progress_is_cleared_before_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def broken() -> Iterator[int]:
        yield from range(3)
        raise ValueError

    screen, clock = Terminal(), itertools.count()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(time, "monotonic", lambda: 10.0 * next(clock))
    with pytest.raises(ValueError):
        list(progress(broken(), "sentences"))
    assert "3 sentences, " in screen.getvalue()
    end = screen.getvalue()[screen.getvalue().rindex("sentences") :]
    assert "\x1b[2K" in end  # the line is erased
    assert end.endswith("\x1b[?25h") or "\x1b[?25h" in end  # and the cursor is shown again


def test_an_error_leaves_no_file_and_keeps_the_old_one(run: Run, tmp_path: Path, samples: Path) -> None:
    broken = tmp_path / "broken.conllu"
    broken.write_text((samples / DEV).read_text(encoding="utf-8") + "1\tx\n\n", encoding="utf-8")
    (tmp_path / "old.txt").write_text("old", encoding="utf-8")
    for name in ("new.txt", "old.txt"):
        assert "expected 10 columns" in one_line(run("convert", broken, "-o", name))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.conllu", "old.txt"]
    assert (tmp_path / "old.txt").read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interrupt_leaves_no_file(stop: signal.Signals, code: int, tmp_path: Path, samples: Path) -> None:
    command = [sys.executable, "-m", "depparse", "convert", "-", "--from", "conllu", "-o", "out.conllu"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, encoding="utf-8", text=True
    )
    assert process.stdin is not None
    process.stdin.write((samples / DEV).read_text(encoding="utf-8"))
    process.stdin.flush()
    deadline = time.monotonic() + 600  # ends a process that hangs, not one on a busy machine
    while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(tmp_path.iterdir()), "nothing was begun"
    process.send_signal(stop)
    _, errors = process.communicate(timeout=600)
    assert list(tmp_path.iterdir()) == []
    assert process.returncode == code
    assert errors in ("", "depparse: error: interrupted\n")  # newer versions of typer stay silent


def test_completion_can_be_installed(run: Run) -> None:
    assert "--install-completion" in run("--help").stdout
