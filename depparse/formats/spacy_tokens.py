"""Sentences beside the tokens of a spaCy Doc: what spaCy's own attributes say of words, and how the rest is kept.

A spaCy token is one word, several words (a multiword token whose words its text does not spell) or spacing. spaCy's
attributes cannot say all that CoNLL-U says, so each token also has its lines of CoNLL-U in the extension attribute
``conllu``, and the first token of a sentence has the comments in ``conllu_sentence``. Both are text and numbers, so
they go wherever spaCy's user data go.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from depparse.document.columns import CONLLU_COLUMNS
from depparse.document.kinds import kinds
from depparse.document.trees import top_word, whole_tree
from depparse.formats.assemble import reporter
from depparse.formats.conllu import parse_blocks
from depparse.formats.spacy_alignment import (
    NESTED,
    OURS,
    Aligned,
    Place,
    entities_between,
    entity_places,
    nested_entities,
    places_of,
    set_entities,
)
from depparse.text.spacing import is_visible

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

LINES, SENTENCE = "conllu", "conllu_sentence"  # extension attributes of spaCy's tokens
_ATTRIBUTES = ("POS", "TAG", "LEMMA", "MORPH", "DEP", "HEAD")  # of spaCy, in the order of the rows below
_COLUMNS = ("UPOS", "XPOS", "LEMMA", "FEATS", "DEPREL", "HEAD")  # of CoNLL-U, in the same order
_FEATS = re.compile(r"[^=|]+=[^=|]+(?:\|[^=|]+=[^=|]+)*")
_MASK = (1 << 64) - 1  # spaCy keeps all values as unsigned numbers


# -- from words to spaCy's attributes


def values_of(vocab: Vocab, part: Aligned, has_tree: bool) -> list[list[int]]:
    """spaCy's values of `_ATTRIBUTES` for each token of the sentence; HEAD is relative, 0 is a value that is unset.

    A token of several words has the part of speech, relation and head of its syntactic head, and all tags, lemmas and
    features, as spaCy's own conversion of multiword tokens has them. `has_tree` says whether the Doc has trees. Then
    each of its sentences gets a tree with one root, as spaCy finds sentences by their roots, and cycles would hang it.
    """
    from spacy.parts_of_speech import IDS

    sentence, blank = part.sentence, ["_"] * len(part.sentence)
    upos, xpos, lemmas, feats, relations, _ = (sentence.columns.get(name, blank) for name in _COLUMNS)
    heads, attached = whole_tree(sentence.heads)
    token_of = {word: token for token, ids in enumerate(part.words) if ids for word in range(ids[0], ids[1] + 1)}
    is_tagged = any(cell != "_" for cell in chain(upos, xpos))
    no_morph = vocab.morphology.add("") if any(cell != "_" for cell in feats) else 0
    string = vocab.strings.add
    first_word = next((token for token, ids in enumerate(part.words) if ids), 0)
    rows = []
    for token, ids in enumerate(part.words):
        if ids is None:  # attached as spaCy's own models attach spacing
            head = token - 1 if token else first_word
            tags = [IDS["SPACE"], string("_SP")] if is_tagged else [0, 0]
            rows.append([*tags, 0, 0, string("dep") if has_tree else 0, head - token if has_tree else 0])
            continue
        first, last = ids
        top = first if first == last else top_word(heads, first, last) or first
        words = range(first - 1, last)
        tag = "_".join(xpos[word] for word in words if xpos[word] != "_")
        lemma = " ".join(lemmas[word] for word in words if lemmas[word] != "_")
        morph = _joined([feats[word] for word in words])
        relation = "dep" if top in attached else relations[top - 1]
        if relation == "root" or (relation in ("_", "") and not heads[top - 1]):
            relation = "ROOT"
        head = token_of[heads[top - 1]] if heads[top - 1] else token
        rows.append([
            IDS.get(upos[top - 1], 0) if upos[top - 1] != "SPACE" else 0,
            string(tag) if tag else 0,
            string(lemma) if lemma else 0,
            vocab.morphology.add(morph) if morph else no_morph,
            string(relation) if has_tree and relation not in ("_", "") else 0,
            head - token if has_tree else 0,
        ])  # fmt: skip
    return rows


def _joined(cells: list[str]) -> str:
    """The features of all cells, with the values of one feature joined by commas; '' if spaCy cannot hold them."""
    features: dict[str, set[str]] = {}
    for cell in cells:
        if cell == "_":
            continue
        if not _FEATS.fullmatch(cell):
            return ""
        for feature in cell.split("|"):
            name, _, value = feature.partition("=")
            features.setdefault(name, set()).update(value.split(","))
    if any(name.upper() == "POS" for name in features):  # spaCy takes the feature POS for its own parts of speech
        return ""
    return "|".join(f"{name}={','.join(sorted(values))}" for name, values in sorted(features.items()))


# -- into the Doc


def fill(doc: Doc, parts: Sequence[Aligned], column_names: Sequence[str] | None = None) -> None:
    """Writes the annotation of sentences to a Doc all of whose tokens they have, over whatever it had.

    `column_names` are those of the document, if they are not those of its first sentence.
    """
    import numpy
    from spacy.tokens import Span as SpacySpan
    from spacy.tokens import SpanGroup

    if not len(doc):
        return
    starts = [-1] * len(doc)
    starts[0] = 1
    rows = [[0] * len(_ATTRIBUTES)] * len(doc) if not parts else []
    has_tree = any(head is not None for part in parts for head in part.sentence.heads)
    for part in parts:
        starts[part.start] = 1
        rows += values_of(doc.vocab, part, has_tree)
    values: Any = numpy.array([[value & _MASK for value in row] for row in rows], dtype=numpy.uint64)
    doc.from_array(list(_ATTRIBUTES), values)
    # From the trees, spaCy finds most beginnings of sentences by itself, but not those of sentences without a tree.
    flags: Any = numpy.array([start & _MASK for start in starts], dtype=numpy.uint64)
    doc.from_array(["SENT_START"], flags)
    every, outer, outside = [], [], []
    for part in parts:
        all_places, outer_places = entity_places(part)
        every += all_places
        outer += outer_places
        if part.sentence.entity_tags() is not None:
            inside = {token for start, end, _ in outer_places for token in range(start, end)}
            outside += [token for token in range(part.start, part.start + len(part.words)) if token not in inside]
    if outer != list(places_of(doc.ents)) or (outside and not outer):  # else what spaCy knows beside the labels stays
        spans = [SpacySpan(doc, start, end, label=label) for start, end, label in outer]
        doc.set_ents(spans, outside=[doc[token : token + 1] for token in outside], default="missing")
    if NESTED in doc.spans and OURS in doc.spans[NESTED].attrs:  # entities of an annotation before
        del doc.spans[NESTED]
    if len(every) > len(outer):
        nested = [SpacySpan(doc, start, end, label=label) for start, end, label in every]
        doc.spans[NESTED] = SpanGroup(doc, name=NESTED, attrs={OURS: True}, spans=nested)
    for token in doc:
        for name in (LINES, SENTENCE):
            doc.user_data.pop(_key(name, token.idx), None)
    for part in parts:
        _keep_lines(doc, part, has_tree, column_names if part is parts[0] else None)


def _key(name: str, offset: int) -> Any:
    """The key of an extension attribute of the token at that offset in ``doc.user_data``."""
    return "._.", name, offset, None


def _keep_lines(doc: Doc, part: Aligned, has_tree: bool, column_names: Sequence[str] | None) -> None:
    """Keeps the lines of the sentence with its tokens, and all else with its first token."""
    sentence = part.sentence
    names = sentence.column_names
    lines: dict[int, list[str]] = {}
    word = 1  # the word that a line belongs to: a multiword token goes with its first word, a node with the one before
    for id, cells in sentence.rows(names):
        word = max(1, int(id.partition("-")[0].partition(".")[0]))
        lines.setdefault(word, []).append("\t".join((id, *cells)))
    facts: dict[str, Any] = {"comments": list(sentence.comments), "words": len(sentence)}
    if has_tree and all(head is None for head in sentence.heads):
        facts["no_tree"] = True  # the one that spaCy has says nothing
    if ("ID", *names) != CONLLU_COLUMNS:
        facts["columns"] = ["ID", *names]
    if column_names is not None:
        facts["document"] = list(column_names)
    records = {kind.record: kind.stored(sentence) for kind in kinds() if kind.record is not None}
    if any(record is not None for record in records.values()):
        facts["records"] = json.dumps({key: record for key, record in records.items() if record is not None})
    places = [(token, ids) for token, ids in enumerate(part.words, part.start) if ids is not None]
    for token, ids in places:
        text = "\n".join(chain.from_iterable(lines[word] for word in range(ids[0], ids[1] + 1)))
        doc.user_data[_key(LINES, doc[token].idx)] = text
    if places:
        facts["characters"] = _characters(doc, places[0][0], places[-1][0])
        doc.user_data[_key(SENTENCE, doc[places[0][0]].idx)] = facts


def _characters(doc: Doc, first: int, last: int) -> int:
    """The length of the text from one token to another one, by which `restored` finds that the last one was split."""
    return doc[last].idx + len(doc[last]) - doc[first].idx


# -- out of the Doc


def kept(doc: Doc, token: int) -> tuple[str | None, dict[str, Any] | None]:
    """The lines of CoNLL-U that a token has, and what its sentence has besides, if it is the first of one."""
    offset = doc[token].idx
    return doc.user_data.get(_key(LINES, offset)), doc.user_data.get(_key(SENTENCE, offset))


def end_of_lines(doc: Doc, start: int, end: int) -> int:
    """The end of the tokens from `start` on that have lines, spacing included: text without lines begins there."""
    return next((i for i in range(start, end) if kept(doc, i)[0] is None and is_visible(doc[i].text)), end)


def part_of(doc: Doc, token: int) -> Aligned | None:
    """The sentence of a token; None if its lines are not kept. Raises FormatError if they are broken."""
    start = next((i for i in range(token, -1, -1) if kept(doc, i)[1] is not None), None)
    if start is None:
        return None
    end = next((i for i in range(start + 1, len(doc)) if kept(doc, i)[1] is not None), len(doc))
    end = end_of_lines(doc, start, end)
    return restored(doc, start, end, nested_entities(doc)) if token < end else None


def restored(doc: Doc, start: int, end: int, nested: list[Place] | None) -> Aligned | None:
    """The sentence whose lines the tokens from `start` to before `end` have, with what spaCy has changed since.

    `nested` are the `nested_entities` of the Doc. None if the tokens do not have all lines of one sentence, as after
    some were merged or split. Raises FormatError if lines were changed so that they are no sentence.
    """
    lines = [kept(doc, token)[0] for token in range(start, end)]
    facts = next(filter(None, (kept(doc, token)[1] for token in range(start, end))), None)
    if facts is None:
        return None
    words: list[tuple[int, int] | None] = []
    last = 0
    for text in lines:
        ids = [line.partition("\t")[0] for line in text.split("\n")] if text else []
        n_words = sum(map(str.isdigit, ids))
        words.append((last + 1, last + n_words) if n_words else None)
        last += n_words
    ids = [id for text in lines if text for line in text.split("\n") if (id := line.partition("\t")[0]).isdigit()]
    if last != facts["words"] or ids != list(map(str, range(1, last + 1))):
        return None
    tokens = [token for token, of_token in enumerate(words, start) if of_token is not None]
    if _characters(doc, tokens[0], tokens[-1]) != facts["characters"]:
        return None
    names = tuple(facts.get("columns", CONLLU_COLUMNS))
    block = "\n".join([*facts["comments"], *filter(None, lines)])
    sentence = next(parse_blocks([(1, block)], names, "Doc"))
    records = json.loads(facts.get("records", "{}"))
    fail = reporter("Doc", facts["comments"])
    for kind in kinds():
        if kind.record in records:
            kind.from_records(sentence, records[kind.record], fail)
    part = Aligned(sentence, start, words)
    _take_changes(doc, part, nested, is_placeholder=facts.get("no_tree", False))
    return part


def _take_changes(doc: Doc, part: Aligned, nested: list[Place] | None, *, is_placeholder: bool) -> None:
    """Writes to the sentence what spaCy's attributes say otherwise than `fill` wrote them.

    `is_placeholder` says that `fill` wrote a tree for a sentence without one.
    """
    from spacy.attrs import IDS

    sentence, end = part.sentence, part.start + len(part.words)
    tokens: Any = doc[part.start : end]
    actual = tokens.to_array([IDS[name] for name in _ATTRIBUTES]).tolist()
    dep = _ATTRIBUTES.index("DEP")
    has_tree = any(values[dep] for values in actual)
    expected = values_of(doc.vocab, part, has_tree)
    wanted = [[value & _MASK for value in row[dep:]] for row in expected]
    triples = zip(wanted, actual, part.words, strict=True)
    is_same_tree = all(old == values[dep:] for old, values, ids in triples if ids is not None)
    is_new_tree = has_tree and all(head is None for head in sentence.heads) and not (is_placeholder and is_same_tree)
    unset = doc.vocab.morphology.add("")
    heads, _ = whole_tree(sentence.heads)
    tops = [None if ids is None else top_word(heads, *ids) or ids[0] for ids in part.words]
    for number, (row, values, top) in enumerate(zip(expected, actual, tops, strict=True)):
        if top is None or (not is_new_tree and [value & _MASK for value in row] == values):
            continue
        token = doc[part.start + number]
        cells = cells_of(token)
        for name, old, new in zip(_COLUMNS, row, values, strict=True):
            is_same = old & _MASK == new or (name == "FEATS" and {old & _MASK, new} <= {0, unset})
            if is_same and not (is_new_tree and name in ("DEPREL", "HEAD")):
                continue
            if name != "HEAD":
                sentence.column(name)[top - 1] = cells[name]
            elif (place := token.head.i - part.start) == number:
                sentence.column(name)[top - 1] = "0"
            elif 0 <= place < len(tops) and tops[place] is not None:
                sentence.column(name)[top - 1] = str(tops[place])
    every, outer = entity_places(part)
    if (places := entities_between(doc, part.start, end)) != outer:
        set_entities(part, places)
    elif len(every) > len(outer) and nested is not None:
        group = nested[bisect_left(nested, (part.start,)) : bisect_left(nested, (end,))]
        if group != sorted(every):
            set_entities(part, group)


def cells_of(token: Any) -> dict[str, str]:
    """The cells of a word as spaCy's attributes have them, except its head."""
    relation = "root" if token.dep_ == "ROOT" else token.dep_
    texts = (token.pos_, token.tag_, token.lemma_, str(token.morph), relation)
    return dict(zip(_COLUMNS[:-1], map(clean, texts), strict=True))


def clean(text: str) -> str:
    """`text` as a cell: white space that would break the line becomes a blank, and nothing ``_``."""
    return (" ".join(text.split()) if re.search("[\t\r\n]", text) else text) or "_"
