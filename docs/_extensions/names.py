"""Names in docstrings: `name` is a link if the reference has that name, and code if not, such as an argument.

Code in pages is a link, too, if it begins with ``depparse.`` and the reference has the name.

Names of other libraries have no page here, and their inventories would have to be fetched, so they are code, too.
A name of depparse that the reference should have and has not is a warning.
"""

from __future__ import annotations

import builtins
import importlib
import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.roles import XRefRole

import depparse

ERRORS = [name for name in depparse.__all__ if name.endswith("Error")]
CODE = re.compile(r"(depparse(?:\.\w+)+)(?:\(.*\))?")
ERROR = re.compile(rf"(?<![`.\w])({'|'.join(ERRORS)})\b(?!`)")


def exists_elsewhere(name: str) -> bool:
    """Whether the name is that of something outside of depparse, such as ``collections.abc.Mapping``."""
    module, _, attribute = name.partition("[")[0].rpartition(".")
    if not module:
        return hasattr(builtins, attribute)
    if module.partition(".")[0] == "depparse":
        return False
    try:
        return hasattr(importlib.import_module(module), attribute)
    except ImportError:
        return exists_elsewhere(module)


def unknown(app: Any, env: Any, node: Any, content: nodes.Element) -> nodes.Element | None:
    """What stands in place of a reference that Sphinx does not find; None lets it warn."""
    if node.get("refdomain") != "py":
        return None
    return content if node.get("depparse_name") or exists_elsewhere(node["reftarget"]) else None


def link_errors(app: Any, what: str, name: str, value: object, options: Any, lines: list[str]) -> None:
    """Makes links of the names of errors, which docstrings write without backticks: Raises ConfigError."""
    lines[:] = [ERROR.sub(r":exc:`~depparse.\1`", line) for line in lines]


def link_code(app: Any, page: nodes.document) -> None:
    """Makes links of code in pages that is a name of depparse, alone or with arguments: ``depparse.load("en")``."""
    for code in list(page.findall(nodes.literal)):
        name = CODE.fullmatch(code.astext())
        if name is not None and not isinstance(code.parent, (addnodes.pending_xref, nodes.reference, nodes.title)):
            target = {"refdomain": "py", "reftype": "obj", "reftarget": name[1], "refdoc": app.env.docname}
            code.replace_self(addnodes.pending_xref("", code.deepcopy(), **target, depparse_name=True))


class Name(XRefRole):
    """The role of text in single backticks."""

    def process_link(
        self, env: Any, refnode: nodes.Element, has_explicit_title: bool, title: str, target: str
    ) -> tuple[str, str]:
        """Adds what the domain of Python needs to find names of the class and the module that the docstring is in."""
        refnode["py:module"], refnode["py:class"] = env.ref_context.get("py:module"), env.ref_context.get("py:class")
        refnode["depparse_name"] = True
        return title, target.removesuffix("()").split("=")[0]


def setup(app: Any) -> dict[str, bool]:
    """Registers the role, and what becomes of references that lead nowhere."""
    role = Name(innernodeclass=nodes.literal)
    role.name = "py:obj"

    def name_role(typ: str, *rest: Any, **options: Any) -> Any:
        return role("py:obj", *rest, **options)

    app.add_role("name", name_role)
    app.connect("autodoc-process-docstring", link_errors)
    app.connect("doctree-read", link_code)
    app.connect("missing-reference", unknown)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
