"""Extension attributes by which spaCy's tokens, sentences and Docs tell what spaCy has no attributes for.

Of a token: ``words`` (our `Word`s), ``misc``, ``deps``, ``frame``. Of a sentence, or any span, which tells of the
sentence that it begins in: ``sent_id``, ``comments``, ``empty_nodes``, ``frames``. Of a Doc: ``frames``, ``conllu``.
Where depparse has kept nothing, they are empty or None. An attribute that another package registered before under such
a name stays as it is; the functions of this file give the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from depparse.document.columns import parse_misc
from depparse.document.words import EmptyNode, Word
from depparse.formats.spacy_alignment import Aligned
from depparse.formats.spacy_tokens import LINES, SENTENCE, kept, part_of

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token


class Role(NamedTuple):
    """An argument of a predicate: its role, the token of its head, its tokens; None for what is not annotated."""

    role: str
    head: Token | None
    span: Span | None
    score: float | None


class Predicate(NamedTuple):
    """A predicate: its token, its sense (a roleset such as ``buy.01``) and its arguments."""

    token: Token
    sense: str
    roles: list[Role]
    score: float | None


# -- of tokens


def words(token: Token) -> list[Word]:
    """The syntactic words of the token, several if it is a multiword token; none if it is spacing."""
    part = part_of(token.doc, token.i)
    ids = None if part is None else part.words[token.i - part.start]
    return [] if part is None or ids is None else list(part.sentence.words[ids[0] - 1 : ids[1]])


def misc(token: Token) -> dict[str, str | None]:
    """The attributes in MISC of the token; not those of the words of a multiword token."""
    own = words(token)
    cell = None if not own else own[0].misc if len(own) == 1 else own[0].token.misc
    return parse_misc(cell)


def deps(token: Token) -> list[tuple[Token | str | None, str]]:
    """The edges of the enhanced graph that lead to the token, except those between words of it.

    Each is a head and a relation. The head is a token, or the ID of an empty node (``8.1``), or None for the root.
    """
    part = part_of(token.doc, token.i)
    if part is None:
        return []
    tokens = {str(word): token.doc[i] for word, i in _tokens(part).items()}
    edges = [edge for word in words(token) for edge in word.deps_list if tokens.get(edge[0]) != token]
    return [(None if head == "0" else tokens.get(head, head), relation) for head, relation in edges]


def frame(token: Token) -> Predicate | None:
    """The predicate that the token is; None if it is none."""
    part = part_of(token.doc, token.i)
    return next((p for p in _predicates(token.doc, part) if p.token == token), None) if part is not None else None


# -- of sentences


def sent_id(span: Span) -> str | None:
    """The ID of the sentence."""
    part = part_of(span.doc, span.start)
    return None if part is None else part.sentence.sent_id


def comments(span: Span) -> list[str]:
    """The comments of the sentence, as lines that begin with ``#``."""
    part = part_of(span.doc, span.start)
    return [] if part is None else list(part.sentence.comments)


def empty_nodes(span: Span) -> list[EmptyNode]:
    """The empty nodes of the enhanced graph of the sentence."""
    part = part_of(span.doc, span.start)
    return [] if part is None else list(part.sentence.empty_nodes)


def frames(span: Span) -> list[Predicate]:
    """The predicates of the sentence with their arguments."""
    part = part_of(span.doc, span.start)
    return [] if part is None else _predicates(span.doc, part)


# -- of Docs


def all_frames(doc: Doc) -> list[Predicate]:
    """The predicates of all sentences with their arguments."""
    begins = [i for i in range(len(doc)) if kept(doc, i)[1] is not None]
    parts = [part for i in begins if (part := part_of(doc, i)) is not None]
    return [predicate for part in parts for predicate in _predicates(doc, part)]


def conllu(doc: Doc) -> str:
    """The Doc as the text of a CoNLL-U file, with all that was changed since."""
    from depparse.document.conversions import CONVERSIONS
    from depparse.document.document import Document

    document: Document = CONVERSIONS["spacy"].to_document(doc)
    return document.to_conllu()


def _tokens(part: Aligned) -> dict[int, int]:
    """The index in the Doc of the token of each word, by its ID."""
    ranges = [(part.start + number, ids) for number, ids in enumerate(part.words) if ids is not None]
    return {word: token for token, (first, last) in ranges for word in range(first, last + 1)}


def _predicates(doc: Doc, part: Aligned) -> list[Predicate]:
    tokens = _tokens(part)
    predicates = []
    for found in part.sentence.frames:
        roles = [
            Role(
                argument.role,
                None if argument.head is None else doc[tokens[argument.head]],
                None
                if argument.start is None or argument.end is None
                else doc[tokens[argument.start] : tokens[argument.end] + 1],
                argument.score,
            )
            for argument in found.arguments
        ]
        predicates.append(Predicate(doc[tokens[found.predicate]], found.sense, roles, found.score))
    return predicates


def register() -> None:
    """Registers all extension attributes, except those whose names are taken."""
    from spacy.tokens import Doc, Span, Token

    for name in (LINES, SENTENCE):
        if not Token.has_extension(name):
            Token.set_extension(name, default=None)
    getters: list[tuple[Any, list[Callable[..., Any]]]] = [
        (Token, [words, misc, deps, frame]),
        (Span, [sent_id, comments, empty_nodes, frames]),
        (Doc, [all_frames, conllu]),
    ]
    for owner, functions in getters:
        for function in functions:
            name = function.__name__.removeprefix("all_")
            if not owner.has_extension(name):
                owner.set_extension(name, getter=function)
