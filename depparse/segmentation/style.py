"""How the tokens of one treebank are cut from text: what of a segmenter is not the same for all of its treebanks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from depparse.segmentation.borders import Borders
from depparse.segmentation.expansion import Expansions
from depparse.segmentation.passages import Passage


@dataclass(frozen=True, slots=True)
class Style:
    """The expansions of multiword tokens, the places of sure borders, and whether tokens may contain white space, as
    words of Vietnamese do."""

    expansions: Expansions
    borders: Borders
    inner_spaces: bool

    @classmethod
    def learn(cls, passages: Sequence[Passage]) -> Style:
        """The style of the treebank that the passages come from."""
        expansions = Expansions.learn(
            (form, token.words, number in passage.typos)
            for passage in passages
            for number, (form, token) in enumerate(zip(passage.forms, passage.tokens, strict=True))
        )
        inner_spaces = any(any(map(str.isspace, form)) for passage in passages for form in passage.forms)
        return cls(expansions, Borders.learn(passages), inner_spaces)

    def to_json(self) -> dict[str, Any]:
        """All of the style, for `from_json`."""
        expansions, borders = self.expansions.to_json(), self.borders.to_json()
        return {"expansions": expansions, "borders": borders, "inner_spaces": self.inner_spaces}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Style:
        """The style from the data of `to_json`. Raises KeyError, TypeError or ValueError for other data."""
        expansions, borders = Expansions.from_json(data["expansions"]), Borders.from_json(data.get("borders"))
        if not isinstance(data["inner_spaces"], bool):
            raise ValueError(f"inner_spaces is true or false, not {data['inner_spaces']!r}")
        return cls(expansions, borders, data["inner_spaces"])
