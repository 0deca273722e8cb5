"""The kinds of annotation, one file each (`depparse.document.annotations.kind`), and functions over all of them.

Kinds are imported when they are first needed, so that `Sentence` need not import them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from depparse.document import kinds as kind_folder
from depparse.document.columns import CONLLU_COLUMNS, VALUE_COLUMNS
from depparse.errors import ConfigError, closest

if TYPE_CHECKING:
    from depparse.document.annotations.kind import Kind
    from depparse.document.sentence import Sentence


def kinds() -> tuple[Kind, ...]:
    """All kinds, in the order of their columns in CoNLL-U, then by name. Raises ConfigError if two claim one column."""
    return kind_folder.kinds()


def kinds_of(names: Collection[str]) -> Iterator[Kind]:
    """The kinds that `names` mentions, by their own names or by their columns."""
    return (kind for kind in kinds() if kind.name in names or not set(kind.columns).isdisjoint(names))


def annotated(sentence: Sentence, columns: Collection[str]) -> bool:
    """Whether the sentence has annotation of any of these columns, be it in the column itself or in MISC."""
    if any(kind.annotated(sentence, columns) for kind in kinds_of(columns)):
        return True
    kindless = set(columns).difference(*(kind.columns for kind in kinds()))
    return any(cell != "_" for name in kindless for cell in sentence.columns.get(name, ()))


# -- what is kept while the rest is predicted


def kept_names() -> tuple[str, ...]:
    """All names that users may ask to keep: the columns of CoNLL-U, and further names of kinds."""
    return tuple(dict.fromkeys((*VALUE_COLUMNS, *(name for kind in kinds() for name in kind.keep))))


def check_kept(names: Collection[str]) -> frozenset[str]:
    """The names that a user asks to keep, in capitals. Raises ConfigError for an unknown one."""
    kept = frozenset(name.upper() for name in names)
    if wrong := kept.difference(kept_names()):
        meant = "".join(f"; did you mean {close}?" for name in sorted(wrong) for close in closest(name, kept_names()))
        raise ConfigError(f"keep names columns ({', '.join(kept_names())}), not {', '.join(sorted(wrong))}{meant}")
    return kept


def complete(sentence: Sentence, kept: Collection[str], names: Collection[str]) -> bool:
    """Whether the sentence has all annotation of `names` (kinds or columns), and all of it is to be `kept`."""
    chosen = list(kinds_of(names))
    kindless = set(names).difference(*({kind.name, *kind.columns} for kind in chosen))
    return not kindless and all(kind.complete(sentence, kept) for kind in chosen)


def restore(
    sentence: Sentence, original: Sentence, kept: Collection[str], names: Collection[str] | None = None
) -> None:
    """Puts back the `kept` annotation of the original, for the kinds in `names` (kinds or columns; None: all kinds).

    Call it after one task or several have written these kinds to a copy of the original. If MISC is kept, it also puts
    back what MISC has of these kinds, and all of MISC if `names` has it or is None.
    """
    keeps_misc = "MISC" in kept and "MISC" in original.columns
    for kind in kinds() if names is None else kinds_of(names):
        kind.restore(sentence, original, kept)
        if keeps_misc:
            kind.restore_misc(sentence, original)
    if keeps_misc and (names is None or "MISC" in names):
        sentence.columns["MISC"] = list(original.columns["MISC"])


# -- what is no longer true when other annotation is predicted


def void_kinds(written: Collection[str], kept: Collection[str] = ()) -> list[Kind]:
    """The kinds that are void once the columns `written` are replaced, as a graph is without its tree.

    Kinds that are written themselves or `kept` are not among them.
    """
    return [
        kind
        for kind in kinds()
        if not set(kind.follows).isdisjoint(written) and {*kind.columns, *kind.keep}.isdisjoint({*written, *kept})
    ]


def make_way(sentence: Sentence, written: Collection[str], kept: Collection[str]) -> None:
    """Removes what is no longer true once the columns `written` are replaced: probabilities, and void kinds."""
    for kind in kinds_of(written):
        kind.clear_probabilities(sentence)
    for kind in void_kinds(written, kept):
        kind.discard(sentence)


# -- what CoNLL-U has no columns for


def lost_in_conllu(sentence: Sentence) -> list[str]:
    """The columns of the sentence that CoNLL-U cannot hold, not even in MISC."""
    held = set(CONLLU_COLUMNS).union(*(kind.columns for kind in kinds() if kind.misc))
    return [name for name in sentence.columns if name not in held]
