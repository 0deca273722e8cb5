"""Sentences as the dictionaries that displaCy, the visualizer of spaCy, draws with ``manual=True``.

spaCy is not needed to make them; ``displacy.render(document.to("displacy"), style="dep", manual=True)`` draws them.
"""

from __future__ import annotations

from typing import Any

from depparse.document.document import Conversion, Document
from depparse.document.raw_text import placed
from depparse.document.sentence import Sentence
from depparse.printable import is_right_to_left


def to_displacy(doc: Document) -> list[dict[str, Any]]:
    """A dictionary for each sentence, which all styles of displaCy draw: ``dep``, ``ent`` and ``span``.

    It has ``words`` (form and UPOS) and ``arcs`` (the tree without its root), ``text`` and ``ents`` (as offsets; those
    within or across others are left out, as displaCy cannot draw them) and ``tokens`` and ``spans`` (all entities).
    Multiword tokens, enhanced graphs and roles are not drawn.
    """
    return [_drawn(sentence) for sentence in placed(doc.sentences)]


def _drawn(sentence: Sentence) -> dict[str, Any]:
    forms = [word.text for word in sentence]
    arcs = []
    for head, relation, word in sentence.dependencies:
        if head is not None and head != word:
            start, end = sorted((head.index, word.index))
            direction = "left" if word.index < head.index else "right"
            arcs.append({"start": start, "end": end, "label": relation or "", "dir": direction})
    text, offsets = _text(sentence, forms)
    ents: list[dict[str, Any]] = []
    for span in sorted(sentence.ents, key=lambda span: (span.start, -span.end)):
        start, end = offsets[span.start - 1][0], offsets[span.end - 1][1]
        if not ents or start >= ents[-1]["end"]:
            ents.append({"start": start, "end": end, "label": span.type})
    return {
        "words": [{"text": word.text, "tag": word.upos or ""} for word in sentence],
        "arcs": arcs,
        "text": text,
        "ents": ents,
        "tokens": forms,
        "spans": [{"start_token": s.start - 1, "end_token": s.end, "label": s.type} for s in sentence.ents],
        "settings": {"direction": "rtl" if is_right_to_left(forms) else "ltr"},
    }


def _text(sentence: Sentence, forms: list[str]) -> tuple[str, list[tuple[int, int]]]:
    """The text of the sentence and the offsets of its words in it; of the joined forms if the text lacks some word."""
    offsets = [word.covering_chars for word in sentence]
    known = [(start, end) for start, end in offsets if start is not None and end is not None]
    if len(known) == len(forms):
        return sentence.exact_text, [(s - sentence.start_char, e - sentence.start_char) for s, e in known]
    ends = [sum(map(len, forms[: i + 1])) + i for i in range(len(forms))]
    return " ".join(forms), [(end - len(form), end) for end, form in zip(ends, forms, strict=True)]


CONVERSION = Conversion(to_displacy)
