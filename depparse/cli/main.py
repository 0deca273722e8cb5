"""The entry point of the command line: an error becomes one line and exit code 2. `app.py` collects the commands."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import warnings
from typing import Any, NoReturn

from depparse.errors import DepparseError
from depparse.printable import one_line

# Nothing heavy is imported above, so that an interrupt is caught below even while the commands are loaded.


def main() -> None:
    """Runs the command line. A mistake of the user becomes one line on standard error and exit code 2."""
    try:
        _reopen_streams()
        _clean_up_when_terminated()
        warnings.formatwarning = _format_warning  # type: ignore[assignment]
        code = _run()
        sys.stdout.flush()  # flushed here, where a full disk or a closed pipe can still be reported
        sys.exit(code)
    except DepparseError as error:
        _fail(str(error))
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough.
        _exit(141)
    except OSError as error:
        _fail(_explain(error))
    except ModuleNotFoundError as error:  # of a package that an installation leaves out, as the Dockerfile does
        package = (error.name or "depparse").partition(".")[0]
        if package == "depparse":
            raise
        _fail(f"this needs the package {package}, which is not installed: pip install {package}; see depparse doctor")
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except Exception as error:
        # Usage errors are exceptions of the copy of click inside typer, which has no public name, so these errors are
        # recognized by their method, not by their class.
        format_message = getattr(error, "format_message", None)
        if format_message is None:
            if type(error).__name__ == "Abort":
                _fail("interrupted", 130)
            raise
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "depparse"
        message = format_message().rstrip(".")
        if message.startswith("No such command") and context is not None and "?" not in message:
            message += f"; there are: {', '.join(context.command.list_commands(context))}"
        _fail(f"{message}; see {command} --help")


def _run() -> int | None:
    """The exit code of the command."""
    from typer.main import get_command

    from depparse.cli.app import make_app

    try:
        code: int | None = get_command(make_app(*sys.argv[1:2]))(prog_name="depparse", standalone_mode=False)
    except SystemExit as stop:
        # Typer makes a broken pipe an exit with code 1.
        if isinstance(stop.__context__, BrokenPipeError):
            raise stop.__context__ from None
        raise
    return code


def _reopen_streams() -> None:
    """Opens closed standard streams (``>&-``, in Python None): output is dropped, and reading input is an error."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_WRONLY)  # it gets the lowest free number, the stream's own
            setattr(sys, name, open(handle, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115


def _clean_up_when_terminated() -> None:
    """Makes a terminated process clean up like an interrupted one, so that no half-written file stays."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores SIGHUP
            signal.signal(number, lambda number, _: sys.exit(128 + number))


def _format_warning(message: Warning | str, *_: Any) -> str:
    return f"depparse: warning: {one_line(str(message))}\n"


def _explain(error: OSError) -> str:
    """The error in one line, with the name of the file."""
    if error.errno == errno.EBADF and error.filename is None:
        return "standard input cannot be read: it is closed"
    reason = (error.strerror or str(error)).lower()
    return reason if error.filename is None else f"{error.filename}: {reason}"


def _fail(message: str, code: int = 2) -> NoReturn:
    with contextlib.suppress(OSError):
        sys.stderr.write(f"depparse: error: {one_line(message)}\n")
    _exit(code)


def _exit(code: int) -> NoReturn:
    """Ends the process. Output that cannot be written is dropped, lest the interpreter complain when it closes it."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    sys.exit(code)


if __name__ == "__main__":
    main()
