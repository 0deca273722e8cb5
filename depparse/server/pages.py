"""The reference of the API as a page without scripts and without other hosts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

_HEAD = """\
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>body{{font-family:system-ui,sans-serif;line-height:1.5;max-width:52em;margin:min(2em,4vw) auto;padding:0 1em}}
pre{{overflow-x:auto;padding:.8em;border:1px solid #8888;border-radius:4px}}td,th{{text-align:left;vertical-align:top;
padding:.2em 1em .2em 0}}h2{{margin-top:2em}}code{{overflow-wrap:anywhere}}</style>
"""


def draw_reference(description: dict[str, Any]) -> str:
    """The page at ``/docs``: all operations of an OpenAPI description, then all schemas."""
    pieces = [_HEAD.format(title="depparse: reference"), "<h1>depparse: reference</h1>\n"]
    pieces.append(f"<p>{escape(description['info']['description'])}</p>\n")
    pieces.append("<p>The same for programs: <a href='/openapi.json'>/openapi.json</a>.</p>\n")
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            pieces += _operation(path, method, operation)
    pieces.append("<h2>Schemas</h2>\n")
    for name, schema in description["components"]["schemas"].items():
        pieces.append(f"<h3 id='{escape(name)}'>{escape(name)}</h3>\n{_code(schema)}")
    return "".join(pieces)


def _operation(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    """The section about an operation: what it does, its parameters, its body, its answers."""
    yield f"<h2>{method.upper()} <code>{escape(path)}</code></h2>\n"
    yield f"<p>{escape(operation.get('description', operation.get('summary', '')))}</p>\n"
    if parameters := operation.get("parameters"):
        yield "<h3>Parameters</h3>\n<table>\n"
        for parameter in parameters:
            needed = " (required)" if parameter.get("required") else ""
            name, text = escape(parameter["name"]), escape(parameter.get("description", ""))
            yield f"<tr><th scope='row'><code>{name}</code>{needed}</th><td>{text}</td></tr>\n"
        yield "</table>\n"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<h3>Body, <code>{escape(kind)}</code></h3>\n{_schema(content['schema'])}"
    yield "<h3>Answers</h3>\n<table>\n"
    for status, answer in operation["responses"].items():
        kinds = "; ".join(
            f"<code>{escape(kind)}</code> {_link(content.get('schema', {}))}"
            for kind, content in answer.get("content", {}).items()
        )
        yield f"<tr><th scope='row'>{status}</th><td>{escape(answer['description'])} {kinds}</td></tr>\n"
    yield "</table>\n"


def _schema(schema: dict[str, Any]) -> str:
    return f"<p>{_link(schema)}</p>\n" if "$ref" in schema else _code(schema)


def _link(schema: dict[str, Any]) -> str:
    name = escape(schema.get("$ref", "").rpartition("/")[2])
    return f"<a href='#{name}'>{name}</a>" if name else ""


def _code(schema: dict[str, Any]) -> str:
    return f"<pre>{escape(json.dumps(schema, ensure_ascii=False, indent=1))}</pre>\n"
