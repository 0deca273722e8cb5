"""The collection of all commands, which `main.py` runs.

A command is a function, or a `typer.Typer` with commands of its own. It is ``COMMAND`` in the file of its name, or an
entry point of the group ``depparse.commands`` in another package.
"""

from __future__ import annotations

from typing import Annotated

import typer

from depparse import __version__
from depparse.cli.printing import note
from depparse.errors import ConfigError
from depparse.folders import Folder, installed

COMMANDS = Folder("depparse.cli", "COMMAND", "depparse.commands")
# In the order of the help.
_OWN = tuple("parse show train experiment plot evaluate diff info benchmark pack convert corpora serve doctor".split())
_EXAMPLES = (
    "[b]Examples[/b]",
    "depparse parse letter.txt --model en -o letter.conllu",
    "depparse show letter.conllu --first 3",
    "depparse corpora get UD_English-EWT --to treebanks",
    "depparse corpora check treebanks/UD_English-EWT",
    "depparse train recurrent --treebank treebanks/UD_English-EWT --output runs/ewt",
    "depparse experiment small recurrent --treebanks treebanks/UD_English-EWT --seeds 1,2,3",
    "depparse plot runs/ewt",
    "depparse info runs/ewt",
    "depparse benchmark runs/ewt",
    "depparse evaluate gold.conllu --model runs/ewt --raw",
    "depparse evaluate gold.conllu system.conllu --by deprel",
    "depparse diff gold.conllu system.conllu --kind head,label",
    "depparse convert en_ewt-ud-dev.conllu --to text --wrap 80 -o dev.txt",
    "depparse serve --model en",
    "depparse doctor",
    "",
    "Files may be [b]-[/b] for standard input and output, and end in [b].gz[/b]. An error is one line on standard "
    "error, with exit code 2.",
)


def make_app(command: str = "") -> typer.Typer:
    """The command line with this command, since importing all is slow; with all commands if there is no such one."""
    app = typer.Typer(
        name="depparse",
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="\n".join(_EXAMPLES),
    )
    app.callback(invoke_without_command=True)(_depparse)
    other_commands = [] if command in _OWN else sorted(set(installed(COMMANDS.group)).difference(_OWN))
    names = [command] if command in (*_OWN, *other_commands) else [*_OWN, *other_commands]
    for name in names:
        try:
            command_function = COMMANDS[name]
        except ConfigError as error:
            if name in _OWN or len(names) == 1:
                raise
            note(f"depparse: warning: {error}")  # a broken command of a package must not break the others
            continue
        if isinstance(command_function, typer.Typer):
            app.add_typer(command_function, name=name)
        else:
            app.command(name)(command_function)
    return app


def _depparse(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)] = False,
) -> None:
    """Raw text to Universal Dependencies: parse, train on treebanks, evaluate; read, check and convert their files."""
    if version:
        typer.echo(f"depparse {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
