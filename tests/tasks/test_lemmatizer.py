"""Lemmas from edit scripts, for forms that the scripts were not made for."""

from __future__ import annotations

import pytest

from depparse.document.sentence import Sentence
from depparse.features.edit_scripts import make_script
from depparse.features.vocabulary import Vocabulary
from depparse.tasks.lemmatizer.codec import LemmatizerCodec, LemmatizerConfig


@pytest.mark.parametrize(
    ("source", "target", "form", "lemma"),
    [
        ("cats", "cat", "dogs", "dog"),
        ("cat", "c", "= bc", "="),  # what is left of it ends with a space
        ("abcd", "ab", "a  bc", "a"),
        ("xya", "a", "x y", "y"),
    ],
)
def test_lemmas_have_no_spaces_at_their_ends(source: str, target: str, form: str, lemma: str) -> None:
    codec = LemmatizerCodec(LemmatizerConfig(), Vocabulary([make_script(source, target)]))
    sentence = Sentence.from_forms([form])
    codec.annotate(sentence, [0])
    assert sentence.columns["LEMMA"] == [lemma]
