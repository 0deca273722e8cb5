"""Analyses of the raw text of gold data can be scored against it, whatever characters it has."""

from __future__ import annotations

import pytest

import depparse
from depparse.document.document import Document
from depparse.inference.pipeline import Pipeline


def chain(forms: list[str], text: str) -> str:
    """A sentence in CoNLL-U, of which each word depends on the one before."""
    rows = [
        f"{number}\t{form}\t_\tX\t_\t_\t{number - 1}\t{'dep' if number > 1 else 'root'}\t_\t_"
        for number, form in enumerate(forms, 1)
    ]
    return "\n".join([f"# text = {text}", *rows, "", ""])


@pytest.mark.parametrize(
    ("forms", "words"),
    [
        (["a", "\u200b", "b"], 2),  # the second is no token in raw text, so it goes to the first
        (["\ufeffa", "b"], 2),  # in the second sentence, it goes to the word before
        (["a\x01", "\x02", "c"], 2),
        (["a", "\xad"], 0),
        (["a\x85b", "c"], 2),
        (["\u2800", "c"], 1),
        (["می\u200cخواهم", "b"], 4),
        (["Hà Nội", "\u200b", "b"], 2),
    ],
)
@pytest.mark.parametrize("wrap", [None, 3])
def test_hidden_characters_of_tokens_are_part_of_the_text(forms: list[str], words: int, wrap: int | None) -> None:
    """Of two sentences of these `forms`, so many `words` are right."""
    gold = Document.from_conllu(chain(forms, " ".join(forms)) * 2)
    scores = depparse.evaluate(gold, Pipeline(None).reanalyze(gold, raw=True, wrap=wrap))
    assert scores["Words"].correct == words


def test_hidden_characters_between_tokens_are_not_part_of_the_text() -> None:
    gold = Document.from_conllu(chain(["a", "b"], "a \u200bb"))
    assert depparse.evaluate(gold, Pipeline(None).reanalyze(gold, raw=True))["Words"].f1 == 1.0


def test_multiword_tokens_may_have_hidden_characters() -> None:
    sentence = chain(["a", "le", "b"], "\u200bau b").replace("1\ta", "1-2\t\u200bau" + "\t_" * 8 + "\n1\ta")
    gold = Document.from_conllu(sentence)

    class Splitter:
        def segment(self, pieces):  # type: ignore[no-untyped-def]
            from depparse.text.spacing import RawToken, build_sentences

            text = "".join(pieces)
            start = text.index("au")
            tokens = [RawToken(start, start + 2, ("a", "le")), RawToken(start + 3, start + 4)]
            return build_sentences([(text, tokens)])

        def expand(self, sentences):  # type: ignore[no-untyped-def]
            return iter(sentences)

    scores = depparse.evaluate(gold, Pipeline(None, segmenter=Splitter()).reanalyze(gold, raw=True))
    assert scores["Words"].f1 == 1.0
