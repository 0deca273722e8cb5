"""The commands, put together: `main.py` runs them."""

from __future__ import annotations

from typing import Annotated

import typer

from depparse import __version__
from depparse.cli.convert import convert
from depparse.cli.corpora import app as corpora
from depparse.cli.evaluate import evaluate
from depparse.cli.info import info
from depparse.cli.pack import pack
from depparse.cli.parse import parse
from depparse.cli.show import show
from depparse.cli.train import train

_EXAMPLES = (
    "[b]Examples[/b]",
    "depparse parse letter.txt --model en -o letter.conllu",
    "depparse show letter.conllu --first 3",
    "depparse corpora get UD_English-EWT --to treebanks",
    "depparse corpora check treebanks/UD_English-EWT",
    "depparse train recurrent --treebank treebanks/UD_English-EWT --output runs/ewt",
    "depparse info runs/ewt",
    "depparse evaluate gold.conllu --model runs/ewt --raw",
    "depparse evaluate gold.conllu system.conllu --by deprel",
    "depparse convert en_ewt-ud-dev.conllu --to text --wrap 80 -o dev.txt",
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
    """Raw text to Universal Dependencies: parse, train on treebanks, evaluate; read, check and convert their files."""
    if version:
        typer.echo(f"depparse {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


# In the order of the help.
app.command()(parse)
app.command()(show)
app.command()(train)
app.command()(evaluate)
app.command()(info)
app.command()(pack)
app.command()(convert)
app.add_typer(corpora, name="corpora")
