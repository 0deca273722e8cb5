"""Splits and joins sentences, with their text, trees and enhanced graphs."""

from __future__ import annotations

from collections.abc import Sequence

from depparse.document.columns import comment_key, format_deps, parse_deps
from depparse.document.raw_text import separator
from depparse.document.sentence import Sentence
from depparse.document.spans import Frame, Span
from depparse.document.trees import path
from depparse.document.words import EmptyNode, MultiwordToken
from depparse.treebanks.relabel.draft import CommandError, moved

_OWN = ("sent_id", "text")  # comments that say what a sentence is
_LONGEST = 10_000  # words of a sentence that others are joined to


def cut(sentence: Sentence, begins: Sequence[int]) -> list[Sentence]:
    """The sentence in parts that begin at its first word and at these words (IDs). Raises CommandError.

    Comments stay with the first part; the others get the sent_id with ``-2`` and so on. In each part, of the words
    without a head there the one nearest to the old root becomes the root, and the others attach to it.
    """
    stops = [*sorted(set(begins)), len(sentence) + 1]
    texts = _texts(sentence, stops)
    parts, start = [], 1
    for number, stop in enumerate(stops, 1):
        part = _part(sentence, start, stop)
        name = sentence.sent_id
        if number == 1:
            part.comments = list(sentence.comments)
        elif name is not None:
            part.comments = [f"# sent_id = {name.strip()}-{number}"]
        if texts is not None:
            part.set_comment("text", texts[number - 1])
        part.place = sentence.place
        parts.append(part)
        start = stop
    return parts


def _texts(sentence: Sentence, stops: Sequence[int]) -> list[str] | None:
    """The text of each part; None if the sentence has no text."""
    if sentence.comment("text") is None:
        return None
    plain = sentence.copy()
    if "MISC" in plain.columns:  # exact spacing is no part of the plain text
        plain.columns["MISC"] = ["_"] * len(plain)
    for token in plain.mwts:
        token.cells["MISC"] = "_"
    offsets = plain.token_chars()
    text, ends = plain.text, sorted(offsets)
    texts, start = [], 1
    for stop in stops:
        first = offsets[start][0]
        last = offsets[max(id for id in ends if id < stop)][1]
        if first is None or last is None:
            raise CommandError("the words do not spell the text of the sentence")
        texts.append(text[first:last])
        start = stop
    return texts


def _part(sentence: Sentence, start: int, stop: int) -> Sentence:
    """The words from one ID up to another."""

    def new(id: int) -> int:
        return id - start + 1

    columns = {name: cells[start - 1 : stop - 1] for name, cells in sentence.columns.items()}
    mwts = [MultiwordToken(new(t.start), new(t.end), dict(t.cells)) for t in sentence.mwts if start <= t.start < stop]
    # The empty nodes before the first word stay with the first part, others with the word before them.
    nodes = [node for node in sentence.empty_nodes if start <= node.id[0] < stop or node.id[0] < start == 1]
    empty = [EmptyNode((new(node.id[0]), node.id[1]), dict(node.cells)) for node in nodes]
    part = Sentence(columns, (), mwts, empty)
    if "HEAD" in columns:
        _retree(part, sentence, start)
    ids = {str(id): str(new(id)) for id in range(start, stop)} | {"0": "0"}
    ids |= {"{}.{}".format(*node.id): f"{new(node.id[0])}.{node.id[1]}" for node in nodes}
    _regraph(part, ids)
    spans = [span for span in sentence.ents if start <= span.end and span.start < stop]
    frames = [frame for frame in sentence.frames if start <= frame.predicate < stop]
    ends = [
        id for frame in frames for one in frame.arguments for id in (one.head, one.start, one.end) if id is not None
    ]
    if any(not start <= id < stop for span in spans for id in (span.start, span.end)):
        raise CommandError("an entity would be in two sentences")
    if any(not start <= id < stop for id in ends):
        raise CommandError("a predicate would have an argument in another sentence")
    places = [new(id) for id in range(len(sentence) + 1)]
    if sentence.frames:
        part.frames = [moved(frame, places, places) for frame in frames]
    return part


def _retree(part: Sentence, whole: Sentence, start: int) -> None:
    """Gives heads within the part to its words."""
    ids, old = range(start, start + len(part)), whole.heads
    heads = {id: old[id - 1] for id in ids}
    roots = [id for id, head in heads.items() if head == 0]
    outside = [id for id, head in heads.items() if head and head not in ids]
    if outside and not roots:
        top = old.index(0) + 1 if 0 in old else outside[0]
        ways = {id: len(path(old, id, top)) or len(old) for id in outside}
        roots = [min(outside, key=ways.__getitem__)]
        heads[roots[0]] = 0
        part.column("DEPREL")[roots[0] - start] = "root"
    heads |= dict.fromkeys((id for id in outside if id not in roots), roots[0] if roots else None)
    part.columns["HEAD"] = ["_" if head is None else str(head and head - start + 1) for head in heads.values()]


def _regraph(part: Sentence, ids: dict[str, str]) -> None:
    """Writes the new IDs in DEPS, without arcs to other sentences; a word that loses all takes the one of the tree."""
    heads = part.columns.get("HEAD", ["_"] * len(part))
    labels = part.columns.get("DEPREL", ["_"] * len(part))

    def deps(cell: str, own: list[tuple[str, str]]) -> str:
        edges = [(ids[head], label) for head, label in parse_deps(cell) if head in ids]
        return cell if cell == "_" else format_deps(edges or own)

    if "DEPS" in part.columns:
        own = [[] if head == "_" else [(head, label)] for head, label in zip(heads, labels, strict=True)]
        part.columns["DEPS"] = list(map(deps, part.columns["DEPS"], own))
    for node in part.empty_nodes:
        node.cells["DEPS"] = deps(node.cells.get("DEPS", "_"), [])


def glue(first: Sentence, second: Sentence, head: int, label: str) -> Sentence:
    """One sentence of two; the root of the second depends on a word of the first (an ID). Raises CommandError.

    The first keeps its comments; those of the second follow, but for its sent_id and its text.
    """
    if second.starts_paragraph:
        raise CommandError("the next sentence begins a paragraph or a document")
    length = len(first)
    if length + len(second) > _LONGEST:
        raise CommandError(f"the sentence would have more than {_LONGEST:,} words")

    def new(id: str) -> str:
        word, dot, number = id.partition(".")
        return f"{int(word) + length}{dot}{number}" if word.isdigit() else id

    def deps(cell: str) -> str:
        edges = [
            (str(head) if one == "0" else new(one), label if one == "0" else text) for one, text in parse_deps(cell)
        ]
        return cell if cell == "_" else format_deps(edges)

    other = second.copy()
    heads, labels = other.columns.get("HEAD", []), other.columns.get("DEPREL", [])
    for number, cell in enumerate(heads):
        heads[number] = str(head) if cell == "0" else cell if cell == "_" else new(cell)
        if cell == "0" and labels:
            labels[number] = label
    if "DEPS" in other.columns:
        other.columns["DEPS"] = list(map(deps, other.columns["DEPS"]))
    names = dict.fromkeys((*first.columns, *other.columns))
    columns = {name: [*first.copy().column(name), *other.column(name)] for name in names}
    mwts = [*first.mwts, *(MultiwordToken(t.start + length, t.end + length, t.cells) for t in other.mwts)]
    nodes = list(first.empty_nodes)
    for node in other.empty_nodes:
        cells = node.cells | {"DEPS": deps(node.cells.get("DEPS", "_"))}
        before = sum(one.id[0] == node.id[0] + length for one in first.empty_nodes) if node.id[0] == 0 else 0
        nodes.append(EmptyNode((node.id[0] + length, node.id[1] + before), cells))
    comments = [line for line in second.comments if comment_key(line) not in _OWN]
    whole = Sentence(columns, [*first.comments, *comments], mwts, nodes)
    texts = first.comment("text"), second.comment("text")
    if texts[0] is not None and texts[1] is not None:
        whole.set_comment("text", texts[0] + separator(first, second) + texts[1])
    places = range(length, length + len(second) + 1)
    frames: list[Frame] = [moved(frame, places, places) for frame in second.frames]
    if frames:
        whole.frames = [*first.frames, *frames]
    spans = [Span(span.start + length, span.end + length, span.type, span.score) for span in second.ents]
    if spans:
        whole.ents = [*first.ents, *spans]
    whole.place = first.place
    return whole
