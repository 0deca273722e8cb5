"""The command line: one file a command, put together here. Errors are one line and exit code 2."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated

import typer

from depparse import __version__
from depparse.cli.convert import convert
from depparse.cli.corpora import app as corpora
from depparse.cli.evaluate import evaluate
from depparse.errors import DepparseError

_EXAMPLES = (
    "[b]Examples[/b]",
    "depparse corpora list --language Swedish",
    "depparse corpora check UD_English-EWT",
    "depparse convert en_ewt-ud-dev.conllu --to text --wrap 80 -o dev.txt",
    "depparse evaluate gold.conllu system.conllu --by deprel",
    "depparse evaluate gold.conllu a.conllu --compare b.conllu",
    "",
    "Files may be [b]-[/b] for standard input and output, and end in [b].gz[/b]. An error is one line on standard "
    "error, with exit code 2.",
)
app = typer.Typer(
    name="depparse",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\n".join(_EXAMPLES),
)


@app.callback(invoke_without_command=True)
def depparse(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)] = False,
) -> None:
    """Read, check, convert and score Universal Dependencies data."""
    if version:
        typer.echo(f"depparse {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command()(convert)
app.add_typer(corpora, name="corpora")
app.command()(evaluate)


def main() -> None:
    """Runs the command line: what a user did wrong is one line on standard error and exit code 2."""
    # A terminated process cleans up like an interrupted one: no half-written file stays.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        sys.exit(typer.main.get_command(app)(standalone_mode=False))
    except DepparseError as error:
        _fail(str(error))
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except Exception as error:
        # Usage errors come from click, which newer versions of typer carry inside: told by what they can do.
        format_message = getattr(error, "format_message", None)
        if format_message is None:
            if type(error).__name__ == "Abort":
                _fail("interrupted", 130)
            raise
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "depparse"
        _fail(f"{format_message().rstrip('.')}; see {command} --help")


def _fail(message: str, code: int = 2) -> None:
    sys.stderr.write(f"depparse: error: {' '.join(message.split())}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
