"""Preparation of sentences for scoring: the input of a system, and its analyses in a form that the scorer accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import regex

from depparse.document.annotations import kinds
from depparse.document.annotations.frames import PREDICATES
from depparse.document.annotations.tree import TREE_COLUMNS
from depparse.document.document import Document
from depparse.document.exact import spaces
from depparse.document.raw_text import iter_text
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.text.spacing import is_visible
from depparse.text.wrap import wrapped

_SPACES = regex.compile(r"[\n\p{Zs}]+")  # spacing of raw text, and characters in forms that the scorer ignores


def analysed_anew(
    gold: Document,
    annotate: Callable[[Iterable[Sentence]], Iterable[Sentence]],
    segment: Callable[[Iterable[str]], Iterable[Sentence]] | None = None,
    *,
    wrap: int | None = None,
    trees: bool = False,
    predicates: bool = False,
) -> Document:
    """What a system makes of gold's bare words, or of gold's raw text if it can `segment`, made to be scored.

    `wrap` is the width of the lines of the text. The words keep their `trees`, or say which are `predicates`.
    """
    if segment is None:
        return Document(with_trees(annotate(bare_copies(gold, trees=trees, predicates=predicates)), given=trees))
    if predicates:
        raise ConfigError("predicates are words, so they cannot be given for raw text")
    text = iter_text(gold) if wrap is None else wrapped(iter_text(gold), wrap)
    return Document(with_trees(with_hidden(annotate(segment(text)), gold), given=trees))


def bare_copies(sentences: Iterable[Sentence], *, trees: bool = False, predicates: bool = False) -> Iterator[Sentence]:
    """Copies with only forms, multiword tokens, empty nodes and comments.

    They keep `trees` for systems that read them, and the words that are `predicates` for systems that are told them.
    """
    kept_names = {*(TREE_COLUMNS if trees else ()), *((PREDICATES,) if predicates else ())}
    for sentence in sentences:
        forms = {"FORM": list(sentence.columns["FORM"])}
        mwts, nodes = (item.copy() for item in sentence.mwts), (item.copy() for item in sentence.empty_nodes)
        copy = Sentence(forms, sentence.comments, mwts, nodes)
        for kind in kinds():
            kind.strip(copy)
            kind.restore(copy, sentence, kept_names)
        yield copy


def with_trees(sentences: Iterable[Sentence], *, given: bool = False) -> Iterator[Sentence]:
    """The sentences, in which a chain replaces the tree if none is predicted, as the scorer asks for one.

    `given` says that the trees were input of the system, which is not scored on them: chains replace them too.
    """
    for sentence in sentences:
        for name in TREE_COLUMNS if given else ():
            sentence.columns.pop(name, None)
        if "HEAD" not in sentence.columns:
            sentence.columns["HEAD"] = [str(number) for number in range(len(sentence))]
        yield sentence


def with_hidden(sentences: Iterable[Sentence], gold: Iterable[Sentence]) -> Iterator[Sentence]:
    """The sentences, made of gold's raw text, with invisible characters put back into forms if tokens of gold have any.

    Sentences made of raw text have them as spacing. For the scorer they are part of the text, and some treebanks have
    tokens of nothing else, such as a zero-width space.
    """
    characters = {char for sentence in gold for token in sentence.tokens for char in token.text}
    if all(is_visible(char) or _SPACES.fullmatch(char) for char in characters):
        yield from sentences
        return
    for sentence in sentences:
        forms = list(sentence.columns["FORM"])
        for token in sentence.tokens:
            before, inside, after = (
                spaces(token.misc or "_", name) for name in ("SpacesBefore", "SpacesInToken", "SpacesAfter")
            )
            form = _SPACES.sub("", (before or "") + (inside or token.text) + (after or ""))
            if token.multiword is not None:
                token.multiword.cells["FORM"] = form
            else:
                forms[token.start - 1] = form
        sentence.columns["FORM"] = forms
        yield sentence
