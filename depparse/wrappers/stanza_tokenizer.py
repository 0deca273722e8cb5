"""Stanza's tokenizers in place of our own, and conversion of Stanza's documents. Nothing here uses the network.

`StanzaTokenizer` segments raw text as `depparse.segmentation` does. `to_stanza` and `from_stanza` convert documents.
These are lost:

- To Stanza: columns beyond CoNLL-U (but entities and frames are first written to MISC), scores of entities, columns of
  a multiword token other than form and MISC, the position of spacing in MISC (spacing comes back in alphabetical
  order), and all comments but the last with each of Stanza's own keys (``text``, ``sent_id``, ``doc_id``, ``speaker``,
  ``sentiment``, ``constituency``). ``start_char``, ``end_char`` and ``ner`` in MISC become attributes of Stanza's
  tokens; entities come back as ``NER``.
- From Stanza: coreference chains, morphemes, further sets of entities (``multi_ner``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from depparse.document.columns import VALUE_COLUMNS
from depparse.document.document import Document
from depparse.document.exact import escape, spaces
from depparse.document.sentence import Sentence
from depparse.document.spans import Span, decode_tags, encode_tags
from depparse.errors import FormatError, ModelError
from depparse.formats.assemble import from_rows, reporter
from depparse.formats.conllu import parse_conllu
from depparse.libraries import library
from depparse.text.blocks import iter_blocks
from depparse.text.spacing import RawToken, breaks_paragraph, build_sentences, is_visible

if TYPE_CHECKING:
    import stanza

# Stanza writes these in place of tokens that it finds too long, and of characters that it does not know.
_PLACEHOLDERS = frozenset({"<UNK>", "<PAD>"})
_WHITE = re.compile(r"[\s\x80-\x9f]+")  # white space as Stanza defines it
# Attributes of MISC that Stanza has as attributes of its tokens.
_ATTRIBUTES = frozenset({"SpaceAfter", "SpacesAfter", "SpacesBefore", "start_char", "end_char", "ner"})


class StanzaTokenizer:
    """A segmenter that finds sentences, tokens and multiword tokens by Stanza, for ``Pipeline(model, segmenter=…)``.

    `pipeline` is a ``stanza.Pipeline`` with the processor ``tokenize``, and ``mwt`` where the language has multiword
    tokens; its other processors are not run.
    """

    def __init__(self, pipeline: stanza.Pipeline) -> None:
        self.pipeline = pipeline
        if "tokenize" not in pipeline.processors:
            names = ", ".join(pipeline.processors) or "none"
            raise ModelError(f"this pipeline of Stanza has no processor 'tokenize', it has: {names}")

    @classmethod
    def load(
        cls,
        language: str,
        package: str = "default",
        folder: str | os.PathLike[str] | None = None,
        device: str = "cpu",
    ) -> StanzaTokenizer:
        """The tokenizer of a language that ``stanza.download`` left in `folder`, by default where Stanza keeps models.

        `package` is the treebank that it was trained on (``gsd``). Nothing is ever fetched. Raises ModelError if the
        tokenizer cannot be loaded.
        """
        stanza = _stanza()
        options = {} if folder is None else {"dir": os.fspath(folder)}
        try:
            pipeline = stanza.Pipeline(
                language,
                package=None,
                processors={"tokenize": package},
                download_method=None,
                device=device,
                verbose=False,
                **options,
            )
        except (OSError, ValueError, KeyError) as error:
            reason = str(error).split("\n", 1)[0]
            remedy = f"stanza.download({language!r}, package={package!r}, processors='tokenize,mwt') fetches it"
            raise ModelError(
                f"Stanza's tokenizer {language}/{package} cannot be loaded: {reason} ({remedy})"
            ) from error
        return cls(pipeline)

    def segment(self, pieces: Iterable[str]) -> Iterator[Sentence]:
        """The sentences of a text given in pieces, as a stream. Forms and spacing are those of the text.

        Stanza ends a sentence where its input ends. So unless a block ends a paragraph, its last sentence is segmented
        again at the beginning of the next block.
        """
        return build_sentences(self._blocks(pieces))

    def expand(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """The sentences as they are: Stanza finds multiword tokens only while it tokenizes, so it expands none here."""
        yield from sentences

    def _blocks(self, pieces: Iterable[str]) -> Iterator[tuple[str, list[RawToken]]]:
        """Blocks of the text with their tokens."""
        carried = ""
        for block in iter_blocks(pieces):
            text, carried = carried + block, ""
            sentences = self._sentences(text)
            if sentences and not breaks_paragraph(block[len(block.rstrip()) :]):
                if len(sentences) > 1:
                    cut = sentences.pop()[0].start
                    text, carried = text[:cut], text[cut:]
                else:
                    sentences[0][-1].ends_sentence = False  # a sentence longer than a block
            yield text, list(chain.from_iterable(sentences))
        if carried:
            yield carried, list(chain.from_iterable(self._sentences(carried)))

    def _sentences(self, text: str) -> list[list[RawToken]]:
        """The tokens of each sentence, by Stanza's offsets, because Stanza changes some forms."""
        if not is_visible(text):
            return []
        sentences = []
        for sentence in self.pipeline.process(text, processors="tokenize").sentences:
            tokens = [RawToken(token.start_char, token.end_char, _words(token)) for token in sentence.tokens]
            tokens[-1].ends_sentence = True
            sentences.append(tokens)
        return sentences


def _words(token: Any) -> tuple[str, ...]:
    """The words of a multiword token; none for other tokens, and for tokens with placeholders."""
    words = tuple(word.text for word in token.words)
    return words if len(words) > 1 and _PLACEHOLDERS.isdisjoint((token.text, *words)) else ()


def _stanza() -> Any:
    return library("stanza", error=ModelError)


# -- documents


def to_stanza(document: Document) -> stanza.Document:
    """The document as one of Stanza, with multiword tokens, empty nodes, comments, MISC, spacing, offsets, entities.

    Entities that are nested or that end within a multiword token stay in MISC; Stanza's tokens have the outermost
    entities, extended to whole tokens. Raises FormatError for a document that Stanza cannot hold.
    """
    _stanza()
    from stanza.models.common.doc import Document as StanzaDocument

    plain = [_plain(sentence) for sentence in document]
    entries = [[_entry(sentence, id, cells) for id, cells in sentence.rows(VALUE_COLUMNS)] for sentence in plain]
    try:
        result = StanzaDocument(
            [[entry for entry in sentence if not isinstance(entry, _Node)] for sentence in entries],
            empty_sentences=[[entry for entry in sentence if isinstance(entry, _Node)] for sentence in entries],
        )
        for target, sentence in zip(result.sentences, plain, strict=True):
            target.comments = list(sentence.comments)
    except (ValueError, IndexError) as error:
        raise FormatError(f"Stanza cannot hold this: {error}", path="document") from error
    result.text = document.text
    tagged = any(sentence.ents for sentence in plain)
    for target, sentence in zip(result.sentences, plain, strict=True):
        target.text = sentence.exact_text
        # MISC is set last, because Stanza would read attributes in it such as id=… or text=… as its own.
        misc = {id: cells[-1] for id, cells in sentence.rows(VALUE_COLUMNS)}
        for token, tag in zip(target.tokens, _tags(sentence), strict=True):
            cell = misc["-".join(map(str, token.id))]
            token.misc, token.spaces_before, token.spaces_after = _without_spaces(cell)
            token.ner = tag if tagged else None
            for word in token.words:
                word.misc = token.misc if len(token.id) == 1 else misc[str(word.id)]
        for node in target.empty_words:
            node.misc = misc["{}.{}".format(*node.id)]
    result.build_ents()
    return result


def _plain(sentence: Sentence) -> Sentence:
    """The sentence in the columns of CoNLL-U."""
    if not len(sentence):
        raise FormatError("Stanza has no sentences without words", path="document", sent_id=sentence.sent_id)
    if sentence.columns.keys() <= set(VALUE_COLUMNS):
        return sentence
    (plain,) = parse_conllu(sentence.to_conllu())
    plain.start_char = sentence.start_char
    return plain


class _Node(dict[str, Any]):
    """The entry of an empty node."""


def _entry(sentence: Sentence, id: str, cells: Sequence[str]) -> dict[str, Any]:
    """The dictionary of a token or word from which Stanza makes it, without MISC."""
    ids = tuple(map(int, re.split("[-.]", id)))
    entry: dict[str, Any] = {"id": ids, "text": cells[0]}
    for name, cell in zip(VALUE_COLUMNS[1:-1], cells[1:-1], strict=True):
        # An underscore in the text has the lemma ``_``, which is no missing value there.
        if cell != "_" or (name == "LEMMA" and cells[0] == "_" and len(ids) == 1):
            entry[name.lower()] = int(cell) if name == "HEAD" else cell
    if "." in id:
        return _Node(entry)
    start, end = sentence.token_chars()[ids[0]] if len(ids) > 1 else sentence.word_chars()[ids[0] - 1]
    if start is not None and end is not None:
        entry |= {"start_char": start + sentence.start_char, "end_char": end + sentence.start_char}
    return entry


def _tags(sentence: Sentence) -> list[str]:
    """The outermost entities as BIOES tags of the tokens. An entity covers each token of which it has a word."""
    tokens = sentence.tokens
    token_of = {word: number for number, token in enumerate(tokens, 1) for word in range(token.start, token.end + 1)}
    spans: list[Span] = []
    for span in sorted(sentence.ents, key=lambda span: (span.start, -span.end)):
        start, end = token_of[span.start], token_of[span.end]
        if not spans or start > spans[-1].end:
            spans.append(Span(start, end, span.type))
    return encode_tags(spans, len(tokens), "BIOES")


def _without_spaces(cell: str) -> tuple[str | None, str, str]:
    """The part of MISC that stays MISC in Stanza, and the spaces before and after the token."""
    after = spaces(cell, "SpacesAfter")
    attributes = [part for part in cell.split("|") if part.partition("=")[0] not in _ATTRIBUTES]
    if after == " ":  # a space at the end of the text, which Stanza does not write
        _insert(attributes, "SpacesAfter", after)
    if after is None:
        after = "" if "SpaceAfter=No" in cell.split("|") else " "
    return (None if cell == "_" else "|".join(attributes) or None), spaces(cell, "SpacesBefore") or "", after


def from_stanza(document: stanza.Document) -> Document:
    """A Stanza document as a `Document`. Tokens that Stanza replaced by ``<UNK>`` get their text back.

    Raises FormatError if the document is not valid.
    """
    ours = Document(_sentence(sentence, document.text, number) for number, sentence in enumerate(document.sentences))
    if len(ours) and document.text == ours.text + " ":  # a final space must be marked, because usually none follows
        token = ours.sentences[-1].tokens[-1]
        token.misc = "|".join(filter(None, (token.misc, "SpacesAfter=\\s")))
    return ours


def _sentence(sentence: Any, text: str | None, number: int) -> Sentence:
    rows: list[tuple[str, list[str]]] = []
    nodes: dict[int, list[tuple[str, list[str]]]] = {}
    for node in sentence.empty_words:
        row = _row(node, node.text, node.misc or "_")
        nodes.setdefault(node.id[0], []).append(("{}.{}".format(*node.id), row))
    rows += nodes.get(0, [])
    for token in sentence.tokens:
        form, in_token = _form(token, text)
        if multiword := len(token.id) > 1:
            rows.append(("-".join(map(str, token.id)), [form, *"_" * 7, _misc(token, token.misc, in_token)]))
        for word in token.words:
            if multiword:
                row = _row(word, word.text, word.misc or "_")
            else:
                edited = word.text != token.text
                row = _row(word, word.text if edited else form, _misc(token, word.misc, in_token))
            rows += [(str(word.id), row), *nodes.get(word.id, [])]
    comments = list(sentence.comments)
    fail = reporter(f"Stanza's sentences[{number}]", comments, "line")
    ours = from_rows(VALUE_COLUMNS, [id for id, _ in rows], [row for _, row in rows], comments, fail)
    tags = [token.ner or "O" for token in sentence.tokens]
    if tags != _tags(ours):  # otherwise MISC has these entities already, and perhaps more
        ids = [token.id for token in sentence.tokens]
        spans = decode_tags(tags)
        ours.ents = [Span(ids[span.start - 1][0], ids[span.end - 1][-1], span.type) for span in spans]
    return ours


def _row(word: Any, form: str, misc: str) -> list[str]:
    values = (word.lemma, word.upos, word.xpos, word.feats, word.head, word.deprel, word.deps)
    return [form, *("_" if value is None or value == "" else str(value) for value in values), misc]


def _form(token: Any, text: str | None) -> tuple[str, str | None]:
    """The form, from the text if Stanza wrote a placeholder; then the token's text if its spacing differs, or None."""
    form = str(token.text)
    if text is None or token.start_char is None or token.end_char is None:
        return form, None
    token_text = text[token.start_char : token.end_char]
    if form in _PLACEHOLDERS:
        form = " ".join(token_text.split())
    return form, token_text if token_text != form and _WHITE.sub("", token_text) == _WHITE.sub("", form) else None


def _misc(token: Any, misc: str | None, in_token: str | None) -> str:
    """MISC with the spacing of the token, each attribute in its alphabetical position."""
    attributes = misc.split("|") if misc else []
    if token.spaces_after == "":
        _insert(attributes, "SpaceAfter", "No")
    elif token.spaces_after not in (" ", None):
        _insert(attributes, "SpacesAfter", token.spaces_after)
    if token.spaces_before:
        _insert(attributes, "SpacesBefore", token.spaces_before)
    if in_token is not None:
        _insert(attributes, "SpacesInToken", in_token)
    return "|".join(attributes) or "_"


def _insert(attributes: list[str], name: str, value: str) -> None:
    """Inserts an attribute in alphabetical order, unless there is one of this name."""
    names = [part.partition("=")[0].lower() for part in attributes]
    if name.lower() not in names:
        index = next((index for index, other in enumerate(names) if other > name.lower()), len(attributes))
        attributes.insert(index, f"{name}={escape(value)}")
