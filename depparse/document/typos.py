"""Words that a treebank marks as misspelled, from which nothing should be learned that is true of other words."""

from __future__ import annotations

from depparse.document.sentence import Sentence


def find_typos(sentence: Sentence) -> set[int]:
    """The IDs of the words with the feature ``Typo=Yes`` or, in MISC, ``CorrectForm``, as UD marks them."""
    feats, misc = (sentence.columns.get(name, ()) for name in ("FEATS", "MISC"))
    typos = {number for number, cell in enumerate(feats, 1) if "Typo=Yes" in cell}
    return typos | {number for number, cell in enumerate(misc, 1) if "CorrectForm=" in cell}


def find_beginnings(sentence: Sentence) -> set[int]:
    """The IDs of the words that are the first part of a word written as several.

    The other parts have the relation ``goeswith`` to it. It has the lemma of the whole word.
    """
    relations, heads = (sentence.columns.get(name, ()) for name in ("DEPREL", "HEAD"))
    pairs = zip(heads, relations, strict=False) if "goeswith" in relations else ()
    return {int(head) for head, relation in pairs if relation == "goeswith" and head != "_"}
