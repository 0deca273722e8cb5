"""What notebooks show of an object; the drawing is found on first use, so that documents need not import it."""

from __future__ import annotations

from depparse.folders import Folder

DRAWINGS = Folder("depparse.visualize", "DRAWING", "depparse.drawings")


class Drawable:
    """An object that a notebook draws (`depparse.visualize.notebook`)."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        html: str = DRAWINGS["notebook"](self)
        return html
