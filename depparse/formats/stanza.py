"""Documents as those of Stanza, and back. Nothing is lost from a Document to Stanza's and back, byte for byte.

Stanza's objects have the attributes that Stanza's own reader would give them. What they have no place for (CoNLL-U
cells that Stanza would change, comments twice, scores) is beside each sentence, in the attribute `KEPT`: the sentence
as it was, and what Stanza said of it then. What Stanza says otherwise later counts.

The other way round, `to_dict` stays as it is. What CoNLL-U has no columns for is in MISC as in Stanza's own files:
``coref_chains``, ``Morphemes``, ``multi_ner`` and, where they are not those of the text, ``start_char`` and
``end_char``. These are not the same: tokens that Stanza replaced by ``<UNK>`` get their text back, and tokens that have
other white space in the text get ``SpacesInToken``; entity tags that break BIOES are mended, and their labels get
hyphens for blanks; empty nodes are numbered as CoNLL-U wants them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from depparse.arguments import check_type
from depparse.document.columns import VALUE_COLUMNS, get_from_misc
from depparse.document.document import Conversion, Document
from depparse.document.exact import escape, spaces
from depparse.document.sentence import Sentence
from depparse.document.spans import Span, clean_label, decode_tags, encode_tags
from depparse.errors import DepparseError
from depparse.formats.assemble import column_names_of, from_rows, is_number, reporter
from depparse.formats.conllu import parse_conllu
from depparse.formats.stanza_cells import ENTITIES, Kept, joined, merged, split_items, with_added, without
from depparse.formats.stanza_coreference import CHAINS, Place, attach, cell_of, mentions_in
from depparse.libraries import library

if TYPE_CHECKING:
    import stanza

KEPT = "_depparse"  # the attribute of Stanza's sentences and documents that has what they cannot say
PLACEHOLDERS = frozenset({"<UNK>", "<PAD>"})  # in place of long tokens, and of characters that Stanza does not know
_WHITE = re.compile(r"[\s\x80-\x9f]+")  # white space as Stanza defines it
_EDGE = "[0-9]{1,9}(\\.[0-9]{1,9})?:[^|]*"
_DEPS = re.compile(rf"{_EDGE}(\|{_EDGE})*")
_CELLS = VALUE_COLUMNS[1:-1]  # the columns between FORM and MISC, which Stanza calls by the same names in lower case
# Attributes of MISC that Stanza has as attributes of its objects.
_SPACES = frozenset({"SpaceAfter", "SpacesAfter", "SpacesBefore"})
_FACTS = frozenset({"start_char", "end_char", "multi_ner", "Morphemes", CHAINS})


# -- to Stanza


def to_stanza(document: Document, *, offsets: bool = True) -> stanza.Document:
    """The document as one of Stanza: multiword tokens, empty nodes, comments, MISC, spacing, entities, coreference.

    Without `offsets`, the document has no text and its tokens no ``start_char`` and ``end_char``, as if Stanza had read
    a file. It has no text either if some token is not found in it, or if MISC tells other offsets.

    Entities that are nested or that end within a multiword token stay in MISC; Stanza's tokens have the outermost ones,
    extended to whole tokens. Raises FormatError for a sentence that no file could hold.
    """
    library("stanza")
    from stanza.models.common.doc import Document as StanzaDocument

    for sentence in document:
        sentence.check()
    text = document.text if offsets else None  # this also places the sentences in it
    plain = [_plain(sentence) for sentence in document]
    result = StanzaDocument([list(_entries(sentence, offsets)) for sentence in plain])
    is_tagged = any(sentence.entity_tags() is not None for sentence in plain)
    for target, sentence in zip(result.sentences, plain, strict=True):
        target.text = sentence.exact_text
        _set_comments(target, sentence.comments)
        _fill(target, sentence, is_tagged=is_tagged)
    mentions = mentions_in(map(_chains, result.sentences, plain))
    if mentions:
        attach(result, mentions)
    result.build_ents()
    if all(token.start_char is not None for token in result.iter_tokens()) and not any(map(_has_offsets, plain)):
        result.text = text
    for target, sentence in zip(result.sentences, document, strict=True):
        setattr(target, KEPT, Kept(sentence.copy(), _told(target, None, "Stanza")))
    setattr(result, KEPT, document.column_names)
    return result


def annotate(document: stanza.Document, sentences: Iterable[Sentence]) -> None:
    """Writes the annotation of sentences to Stanza's document, which has the same tokens and words."""
    pairs = list(zip(document.sentences, sentences, strict=True))
    plain = [_plain(sentence) for _, sentence in pairs]
    is_tagged = any(sentence.entity_tags() is not None for sentence in plain)
    for (target, sentence), told in zip(pairs, plain, strict=True):
        _fill(target, told, is_tagged=is_tagged)
        _set_comments(target, sentence.comments)
        setattr(target, KEPT, Kept(sentence.copy(), _told(target, None, "Stanza")))
    document.build_ents()


def _plain(sentence: Sentence) -> Sentence:
    """The sentence in the columns of CoNLL-U, with what else it has in MISC, as far as MISC can hold that."""
    columns = sentence.columns
    if columns.keys() <= set(VALUE_COLUMNS):
        return sentence
    try:
        (plain,) = parse_conllu(sentence.to_conllu())
    except DepparseError:
        columns = {name: columns[name] for name in VALUE_COLUMNS if name in columns}
        plain = Sentence(columns, sentence.comments, sentence.mwts, sentence.empty_nodes)
    plain.start_char = sentence.start_char
    return plain


def _entries(sentence: Sentence, offsets: bool) -> Iterator[dict[str, Any]]:
    """The dictionaries from which Stanza makes tokens and words: their IDs, forms and offsets."""
    places = _places(sentence) if offsets else {}
    for id, cells in sentence.rows(VALUE_COLUMNS):
        if "." not in id:
            entry: dict[str, Any] = {"id": tuple(map(int, id.split("-"))), "text": cells[0] or "_"}
            if place := _own_offsets(cells[-1]) or places.get(id):
                entry["start_char"], entry["end_char"] = place
            yield entry


def _places(sentence: Sentence) -> dict[str, tuple[int, int]]:
    """The offsets in the text of the document, by ID: of tokens, and of the words of those that their words spell."""
    text, shift, places = sentence.exact_text, sentence.start_char, {}
    tokens, words = sentence.token_chars(), sentence.word_chars()
    for token in sentence.tokens:
        start, end = tokens[token.start]
        if start is not None and end is not None:
            places["-".join(map(str, token.id))] = start + shift, end + shift
        shares = words[token.start - 1 : token.end] if len(token.id) > 1 else []
        if all(a is not None and text[a:b] == w.text for (a, b), w in zip(shares, token.words, strict=False)):
            for id, (start, end) in enumerate(shares, token.start):
                places[str(id)] = (start or 0) + shift, (end or 0) + shift
    return places


def _own_offsets(misc: str) -> tuple[int, int] | None:
    """The offsets that a MISC cell tells, as Stanza's files have them."""
    start, end = get_from_misc(misc, "start_char"), get_from_misc(misc, "end_char")
    return (int(start), int(end)) if start and end and is_number(start) and is_number(end) else None


def _has_offsets(sentence: Sentence) -> bool:
    return any(_own_offsets(cells[-1]) for _, cells in sentence.rows(VALUE_COLUMNS))


def _set_comments(target: Any, lines: Iterable[str]) -> None:
    """Gives Stanza's sentence exactly these comments, in which it finds its own by their keys."""
    from stanza.models.common.doc import COMMENT_FIELDS, Comment

    target.comments = []
    for line in lines:
        try:
            found = Comment.from_line(line)
        except ValueError:  # a sentiment that is no number, or a broken tree
            found = Comment(line, None, None, None)
        if found.key in COMMENT_FIELDS and target.has_comment(found.key):  # Stanza has each of its own comments once
            found = Comment(line, None, None, None)
        target.add_comment(Comment(line, found.key, found.text, found.value))


def _fill(target: Any, sentence: Sentence, *, is_tagged: bool) -> None:
    """Writes the annotation to Stanza's sentence with the same tokens; `is_tagged`: the document has entities."""
    from stanza.models.common.doc import Word

    lines = dict(sentence.rows(VALUE_COLUMNS))
    tags, is_told = _tags(sentence)
    in_words = _FACTS | ENTITIES if is_told else _FACTS
    in_tokens = in_words | _SPACES
    nodes = [(node.id, node.text) for node in sentence.empty_nodes]
    if [(node.id, node.text) for node in target.empty_words] != nodes:
        target.empty_words = [Word(target, {"id": id, "text": text}) for id, text in nodes]
    for token, tag in zip(target.tokens, tags, strict=True):
        misc = lines["-".join(map(str, token.id))][-1]
        after = spaces(misc, "SpacesAfter")
        is_touching = after is None and "SpaceAfter=No" in misc.split("|")
        token.spaces_after = after if after is not None else "" if is_touching else " "
        token.spaces_before = spaces(misc, "SpacesBefore") or ""
        token.misc = without(misc, in_tokens)
        several = get_from_misc(misc, "multi_ner")
        token.ner = tag if is_tagged else None
        token.multi_ner = split_items(several) if several else (tag,) if is_tagged else None
        for word in token.words:
            _fill_word(word, lines[str(word.id)], in_words if len(token.id) > 1 else in_tokens)
    for node in target.empty_words:
        _fill_word(node, lines["{}.{}".format(*node.id)], in_words)
    target.dependencies = []
    target.rebuild_dependencies()


def _fill_word(word: Any, cells: Sequence[str], left_out: frozenset[str]) -> None:
    for name, cell in zip(_CELLS, cells[1:-1], strict=True):
        is_sound = is_number(cell) if name == "HEAD" else _DEPS.fullmatch(cell) if name == "DEPS" else True
        setattr(word, name.lower(), cell if is_sound else None)
    word.misc = without(cells[-1], left_out)
    if morphemes := get_from_misc(cells[-1], "Morphemes"):
        word.morphemes = list(split_items(morphemes))


def _tags(sentence: Sentence) -> tuple[list[str], bool]:
    """The outermost entities as BIOES tags of the tokens, and whether these tell all entities.

    An entity covers each token of which it has a word.
    """
    tokens = sentence.tokens
    token_of = {word: number for number, token in enumerate(tokens, 1) for word in range(token.start, token.end + 1)}
    ents = sorted(sentence.ents, key=lambda span: (span.start, -span.end))
    spans: list[Span] = []
    for span in ents:
        start, end = token_of[span.start], token_of[span.end]
        if not spans or start > spans[-1].end:
            spans.append(Span(start, end, span.type))
    whole = [Span(tokens[span.start - 1].start, tokens[span.end - 1].end, span.type) for span in spans]
    return encode_tags(spans, len(tokens), "BIOES"), whole == ents


def _chains(target: Any, sentence: Sentence) -> list[tuple[Place, str]]:
    """The words and empty nodes of a sentence that are in chains, with the values in MISC."""
    nodes = {"{}.{}".format(*node.id): (node.id[0], number) for number, node in enumerate(target.empty_words, 1)}
    values = [(id, get_from_misc(cells[-1], CHAINS)) for id, cells in sentence.rows(VALUE_COLUMNS)]
    return [(nodes.get(id) or int(id) - 1, value) for id, value in values if value and "-" not in id]


# -- from Stanza


def from_stanza(document: stanza.Document) -> Document:
    """The document in one of Stanza: of `to_stanza`, changed since, or any other.

    Tokens that Stanza replaced by ``<UNK>`` get their text back. Raises FormatError if the document is not valid.
    """
    check_type(document, library("stanza").Document, "document", "a Document of Stanza")
    told, sentences = [], []
    for number, source in enumerate(document.sentences):
        kept = getattr(source, KEPT, None)
        sentence = _told(source, None if kept else document.text, f"Stanza's sentences[{number}]")
        sentences.append(merged(sentence, kept) if kept else sentence)
        if kept is None:
            told.append((source, sentence))
    ours = Document(sentences, getattr(document, KEPT, None) or column_names_of(next(iter(sentences), None)))
    if document.text is not None and told and told[-1][1] is sentences[-1] and document.text == ours.text + " ":
        token = sentences[-1].tokens[-1]  # a final space must be marked, because usually none follows
        token.misc = with_added(token.misc, {"SpacesAfter": "\\s"})
    for source, sentence in told:
        _mark_offsets(source, sentence)
    return ours


def _told(source: Any, text: str | None, place: str) -> Sentence:
    """The sentence as Stanza's objects tell it."""
    ids = _node_ids(source)
    nodes: dict[int, list[tuple[str, list[str]]]] = {}
    for node in sorted(source.empty_words, key=lambda node: node.id):
        row = _row(node, node.text, ids, with_added(node.misc, _facts(node)))
        nodes.setdefault(node.id[0], []).append((ids["{}.{}".format(*node.id)], row))
    rows = nodes.get(0, [])
    for token in source.tokens:
        form, facts = _form(token, text)
        if len(token.multi_ner or ()) > 1:
            facts["multi_ner"] = joined(token.multi_ner)
        is_multiword = len(token.id) > 1
        if is_multiword:
            rows.append(("-".join(map(str, token.id)), [form, *"_" * len(_CELLS), with_added(token.misc, facts)]))
        for word in token.words:
            own = _facts(word) if is_multiword else _facts(word) | facts
            text_of_word = word.text if is_multiword or word.text != token.text else form
            rows.append((str(word.id), _row(word, text_of_word, ids, with_added(word.misc, own))))
            rows += nodes.get(word.id, [])
    comments = list(source.comments)
    fail = reporter(place, comments, "line")
    sentence = from_rows(VALUE_COLUMNS, [id for id, _ in rows], [row for _, row in rows], comments, fail)
    tags = [token.ner for token in source.tokens]
    if any(tag is not None for tag in tags):
        tags = [tag or "O" for tag in tags]
        if tags != _tags(sentence)[0] or sentence.entity_tags() is None:
            firsts, lasts = zip(*((token.id[0], token.id[-1]) for token in source.tokens), strict=True)
            spans = [span for span in decode_tags(tags, joint="\n") if span.type]
            ents = [Span(firsts[s.start - 1], lasts[s.end - 1], clean_label(s.type), s.score) for s in spans]
            sentence.annotate("entities", ents, in_columns=not ents)
    return sentence


def _row(word: Any, form: str, node_ids: dict[str, str], misc: str) -> list[str]:
    values = [getattr(word, name.lower()) for name in _CELLS]
    if values[-1] and any(old != new for old, new in node_ids.items()):
        edges = (edge.partition(":") for edge in values[-1].split("|"))
        values[-1] = "|".join(f"{node_ids.get(head, head)}:{relation}" for head, _, relation in edges)
    return [form, *("_" if value is None or value == "" else str(value) for value in values), misc]


def _node_ids(source: Any) -> dict[str, str]:
    """The IDs of empty nodes in CoNLL-U, where they count from 1 behind each word, by their IDs in Stanza."""
    counts: Counter[int] = Counter()
    ids = {}
    for word, number in sorted(node.id for node in source.empty_words):
        counts[word] += 1
        ids[f"{word}.{number}"] = f"{word}.{counts[word]}"
    return ids


def _form(token: Any, text: str | None) -> tuple[str, dict[str, str]]:
    """The form, from the text if Stanza wrote a placeholder, and the attributes for the spacing of the token."""
    form, misc = str(token.text), {}
    if token.spaces_after == "":
        misc["SpaceAfter"] = "No"
    elif token.spaces_after not in (" ", None):
        misc["SpacesAfter"] = escape(token.spaces_after)
    if token.spaces_before:
        misc["SpacesBefore"] = escape(token.spaces_before)
    if text is not None and token.start_char is not None and token.end_char is not None:
        in_text = text[token.start_char : token.end_char]
        if form in PLACEHOLDERS:
            form = " ".join(in_text.split())
        if in_text != form and _WHITE.sub("", in_text) == _WHITE.sub("", form):
            misc["SpacesInToken"] = escape(in_text)
    return form, misc


def _facts(word: Any) -> dict[str, str]:
    """The attributes in MISC for what Stanza says of a word beyond CoNLL-U."""
    facts = {CHAINS: cell_of(word.coref_chains), "Morphemes": joined(getattr(word, "morphemes", None) or ())}
    return {name: value for name, value in facts.items() if value}


def _mark_offsets(source: Any, sentence: Sentence) -> None:
    """Writes to MISC the offsets of Stanza that are not those of the text that the sentences tell."""
    places = _places(sentence)
    lines = {"-".join(map(str, token.id)): token for token in sentence.tokens}
    for unit in (*source.tokens, *(w for token in source.tokens if len(token.id) > 1 for w in token.words)):
        id = str(unit.id) if isinstance(unit.id, int) else "-".join(map(str, unit.id))
        place = unit.start_char, unit.end_char
        if None not in place and place != places.get(id):
            line = lines.get(id) or sentence.words[unit.id - 1]
            line.misc = with_added(line.misc, {"end_char": str(place[1]), "start_char": str(place[0])})


CONVERSION = Conversion(to_stanza, from_stanza)
