"""Parts of speech and features: the columns UPOS, XPOS and FEATS."""

from __future__ import annotations

from depparse.document.annotations.kind import ColumnKind


class TagKind(ColumnKind):
    """Tags. An underscore in FEATS says that a word has no features, so it is a value to keep and no blank to fill."""

    name = "tags"
    columns = keep = ("UPOS", "XPOS", "FEATS")
    blanks = frozenset({"UPOS", "XPOS"})


KIND = TagKind()
