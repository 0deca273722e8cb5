"""The command line: one file a command, put together here. Errors are one line and exit code 2."""

from __future__ import annotations

import os
import sys

import typer

from depparse.errors import DepparseError

app = typer.Typer(
    name="depparse",
    help="Read, check, convert and score Universal Dependencies data.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Runs the command line: what a user did wrong is one line on standard error and exit code 2."""
    try:
        app()
    except DepparseError as error:
        sys.stderr.write(f"depparse: error: {error}\n")
        sys.exit(2)
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


if __name__ == "__main__":
    main()
