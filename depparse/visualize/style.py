"""The colours of drawings, light and dark, and the rest of their style.

The colours tell their kinds apart for the colour-blind too (blue, orange, teal, violet), and no kind is told by colour
alone: the tree is above the words, the graph below, entities and frames are bars. All text has a contrast of at
least 4.5 : 1 with what is behind it.
"""

from __future__ import annotations

# Simple selectors only: programs other than browsers read SVG too.
_COMMON = """\
.depparse{font-family:system-ui,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif;text-anchor:middle}
.depparse .form{font-size:16px}.depparse .root{font-weight:600}.depparse .empty{font-style:italic}
.depparse .token{font-size:13px}.depparse .tag,.depparse .line,.depparse .label,.depparse .name{font-size:11px}
.depparse .arc,.depparse .bracket,.depparse .link{fill:none;stroke-width:1.3}
.depparse .uncertain{stroke-dasharray:4 3}.depparse .uncertain.label,.depparse .uncertain.name{font-style:italic}
.depparse .hit.line{font-weight:600}.depparse .hit.arc{stroke-width:2.6}
.depparse .doubtful.label{font-style:italic}.depparse .lost.label{text-decoration:line-through}
"""
# By selector: the property, its colour on light and on dark paper.
COLORS = {
    ".paper": ("fill", "#fff", "#16191d"),
    ".mark": ("fill", "#ffefb8", "#4d4213"),
    ".form": ("fill", "#1b1f24", "#eceff3"),
    ".empty": ("fill", "#9a4507", "#f0a868"),
    ".tag": ("fill", "#2a7a4b", "#7fce9f"),
    ".line": ("fill", "#4a5261", "#b9c2d0"),
    ".token": ("fill", "#8250a8", "#d0b0ea"),
    ".label": ("fill", "#4a5261", "#b9c2d0"),
    ".more": ("fill", "#9a4507", "#f0a868"),
    ".arc": ("stroke", "#7b8aa5", "#8795ad"),
    ".hit.line": ("fill", "#8a4b00", "#ffd479"),
    ".bracket": ("stroke", "#a987c4", "#a987c4"),
    ".tip": ("fill", "#7b8aa5", "#8795ad"),
    ".enhanced.arc": ("stroke", "#c4641a", "#d98a4b"),
    ".enhanced.tip": ("fill", "#c4641a", "#d98a4b"),
    ".enhanced.label": ("fill", "#9a4507", "#f0a868"),
    ".hit.arc": ("stroke", "#b26a00", "#ffc34d"),
    ".hit.label": ("fill", "#8a4b00", "#ffd479"),
    ".entity.bar": ("fill", "#d8e8f8", "#1c3a56"),
    ".entity.name": ("fill", "#0b4a80", "#a9d3f7"),
    ".entity.uncertain.bar": ("stroke", "#0b4a80", "#a9d3f7"),
    ".constituent.bar": ("fill", "#f1e9d6", "#3a3423"),
    ".constituent.name": ("fill", "#5c4613", "#e6d3a0"),
    ".predicate.bar": ("fill", "#0f6b57", "#5fc9ae"),
    ".predicate.name": ("fill", "#fff", "#0c211c"),
    ".predicate.uncertain.bar": ("stroke", "#fff", "#0c211c"),
    ".role.bar": ("fill", "#d5efe6", "#16403a"),
    ".role.name": ("fill", "#0b5444", "#9fe3cf"),
    ".role.uncertain.bar": ("stroke", "#0b5444", "#9fe3cf"),
    ".link": ("stroke", "#6fb5a3", "#3f7f71"),
}


def _rules(column: int, within: str = "") -> str:
    rules = [f"{within}.depparse {name}{{{color[0]}:{color[column]}}}" for name, color in COLORS.items()]
    return "\n".join("".join(rules[i : i + 4]) for i in range(0, len(rules), 4))


STYLE = f"{_COMMON}{_rules(1)}\n@media (prefers-color-scheme:dark){{\n{_rules(2)}\n}}"
# Notebooks have a theme of their own, whatever the system prefers: JupyterLab, Visual Studio Code, Colab; and so have
# pages of Sphinx that show notebooks.
NOTEBOOK_STYLE = "\n".join([
    STYLE,
    _rules(1, ':is([data-jp-theme-light="true"],.vscode-light,html[theme="light"],[data-theme="light"]) '),
    _rules(2, ':is([data-jp-theme-light="false"],.vscode-dark,html[theme="dark"],[data-theme="dark"]) '),
])  # fmt: skip
