"""Lemmas: the column LEMMA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depparse.document.annotations.kind import ColumnKind

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence


class LemmaKind(ColumnKind):
    """Lemmas. The lemma of an underscore in the text is an underscore, so it is no blank to fill."""

    name = "lemmas"
    columns = keep = ("LEMMA",)
    blanks = frozenset(columns)

    def is_blank(self, sentence: Sentence, column: str, word: int) -> bool:
        """Whether the lemma of a word (from 0) is to be filled: never where its form is an underscore."""
        return super().is_blank(sentence, column, word) and sentence.columns["FORM"][word] != "_"


KIND = LemmaKind()
