"""Coreference chains of Stanza, as the attribute ``coref_chains`` in MISC, in the form that Stanza writes.

``unit-id0`` is a mention of one word, ``start-id0``, ``middle-id0`` and ``end-id0`` are the words of a longer one;
``repr-`` before the number of the chain marks its representative mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

CHAINS = "coref_chains"
_ITEM = re.compile("(unit|start|middle|end)-(repr-)?id([0-9]{1,9})")
Place = int | tuple[int, int]  # the index of a word in its sentence, or the place of an empty node as Stanza has it
Mention = tuple[int, Place, Place, bool]  # the sentence, its first word, the word behind it, is it representative


def cell_of(attachments: Any) -> str | None:
    """The value in MISC for the ``coref_chains`` of a word; None if it is in no chain."""
    if isinstance(attachments, str):  # Stanza leaves it text if it reads a file that it has written
        return attachments
    items = []
    for one in attachments or ():
        position = "unit" if one.is_start and one.is_end else "start" if one.is_start else "end" if one.is_end else ""
        items.append(f"{position or 'middle'}-{'repr-' if one.is_representative else ''}id{one.chain.index}")
    return ",".join(items) or None


def mentions_in(sentences: Iterable[Iterable[tuple[Place, str]]]) -> dict[int, list[Mention]] | None:
    """The mentions of each chain, by its number; of sentences given as the values in MISC with their places.

    None if these are no values of Stanza. Where mentions of one chain cross, they are taken for nested ones.
    """
    mentions: dict[int, list[Mention]] = {}
    for number, sentence in enumerate(sentences):
        begun: dict[int, list[tuple[Place, bool]]] = {}
        for place, value in sentence:
            behind = place + 1 if isinstance(place, int) else place
            for item in value.split(","):
                match = _ITEM.fullmatch(item)
                if match is None:
                    return None
                position, is_representative, index = match[1], match[2] is not None, int(match[3])
                if position in ("unit", "start"):
                    begun.setdefault(index, []).append((place, is_representative))
                if position in ("unit", "end"):
                    if not begun.get(index):
                        return None
                    start, is_representative = begun[index].pop()
                    mentions.setdefault(index, []).append((number, start, behind, is_representative))
        if any(begun.values()):
            return None
    return mentions


def attach(document: Any, mentions: dict[int, list[Mention]]) -> None:
    """Gives Stanza's document chains with these mentions, in the order of the text."""
    from stanza.models.coref.coref_chain import CorefChain, CorefMention
    from stanza.pipeline.coref_processor import extract_text

    chains = []
    for index in sorted(mentions):
        ordered = sorted(mentions[index], key=_order)
        found = next((number for number, mention in enumerate(ordered) if mention[3]), None)
        text = "_" if found is None else extract_text(document, *ordered[found][:3])
        chains.append(CorefChain(index, [CorefMention(*mention[:3]) for mention in ordered], text, found))
    document.coref = chains


def _order(mention: Mention) -> tuple[int, int, int]:
    sentence, start, end, _ = mention
    return sentence, start if isinstance(start, int) else start[0], end if isinstance(end, int) else end[0]
