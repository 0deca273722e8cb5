"""The reference of the command line, in Markdown, from the app itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from depparse.cli.app import make_app

GREEN = re.compile(r"\[green\](.*?)\[/green\]", re.DOTALL)


def markdown() -> str:
    """A section for each command, with its options."""
    app: Any = get_command(make_app())
    return "\n".join(line for command in sections(app, typer.Context(app, info_name="depparse")) for line in command)


def sections(group: Any, parent: Any) -> Iterator[list[str]]:
    """The lines of each command of the group, and of those of its groups."""
    for name, command in group.commands.items():
        context = typer.Context(command, info_name=name, parent=parent)
        yield section(command, context)
        yield from sections(command, context) if hasattr(command, "commands") else ()


def section(command: Any, context: Any) -> list[str]:
    """The lines of a command: how it is called, what it does, examples, arguments and options."""
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    usage = re.sub(r"\{([^{}]*)\}", r"\1", usage)
    lines = ["", f"## {context.command_path.removeprefix('depparse ')}", "", "```text", usage, "```", ""]
    for paragraph in command.help.split("\n\n"):
        examples = GREEN.findall(paragraph)
        lines += [plain(GREEN.split(paragraph)[0] if examples else paragraph), ""]
        lines += ["```sh", *(" ".join(example.split()) for example in examples), "```", ""] if examples else []
    lines += [f"```{{program}} {context.command_path}", "```", ""]
    for parameter in sorted(command.params, key=lambda parameter: parameter.param_type_name != "argument"):
        record = parameter.get_help_record(context)
        if record is None:
            continue
        names, text = record
        if parameter.param_type_name == "argument":
            name = re.sub(r" <.*>$", "", names)
            lines += [f"`{name}`", f": {plain(text)}", ""]
        else:
            lines += [f":::{{option}} {names.replace(' / ', ', ')}", plain(text), ":::", ""]
    return lines


def plain(text: str) -> str:
    """The help in Markdown: options are code, and bold is bold."""
    text = re.sub(r"([\\`*_<])", r"\\\1", " ".join(text.split()))
    text = re.sub(r"\[/?b\]", "**", text)
    return re.sub(r"(?<![\w-])(--?[a-z][a-z-]*)", r"`\1`", text)
