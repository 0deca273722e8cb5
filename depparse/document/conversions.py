"""Conversions and the search by name, found on first use, so that documents need no import of the formats that read and
write them, nor of the search."""

from __future__ import annotations

from depparse.folders import Folder

CONVERSIONS = Folder("depparse.formats", "CONVERSION", "depparse.conversions")
SEARCHES = Folder("depparse.treebanks.query", "SEARCH", "depparse.searches")
