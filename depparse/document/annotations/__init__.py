"""The kinds of annotation, one file a kind (`depparse.document.annotations.kind`), and what is done with all of them.

They are found by name when they are first needed, so that what a sentence is needs no import of what its annotation is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from depparse.document import kinds as found
from depparse.document.columns import CONLLU_COLUMNS, VALUE_COLUMNS
from depparse.errors import ConfigError

if TYPE_CHECKING:
    from depparse.document.annotations.kind import Kind
    from depparse.document.sentence import Sentence


def kinds() -> tuple[Kind, ...]:
    """All kinds: in the order of their columns in CoNLL-U, then by name. Raises ConfigError if two claim one column."""
    return found.kinds()


def kinds_of(names: Collection[str]) -> Iterator[Kind]:
    """The kinds that have one of these names, or a column of one of them."""
    return (kind for kind in kinds() if kind.name in names or not set(kind.columns).isdisjoint(names))


def annotated(sentence: Sentence, columns: Collection[str]) -> bool:
    """Whether the sentence is annotated in any of these columns, wherever its kind then stands."""
    if any(kind.annotated(sentence, columns) for kind in kinds_of(columns)):
        return True
    others = set(columns).difference(*(kind.columns for kind in kinds()))
    return any(cell != "_" for name in others for cell in sentence.columns.get(name, ()))


# -- what is kept while the rest is predicted


def kept_names() -> tuple[str, ...]:
    """All that users may ask to be kept: the columns of CoNLL-U, and what kinds have besides."""
    return tuple(dict.fromkeys((*VALUE_COLUMNS, *(name for kind in kinds() for name in kind.keep))))


def check_kept(names: Collection[str]) -> frozenset[str]:
    """The names that a user gives, in capitals. Raises ConfigError for one that there is not."""
    kept = frozenset(name.upper() for name in names)
    if wrong := kept.difference(kept_names()):
        raise ConfigError(f"keep names columns ({', '.join(kept_names())}), not {', '.join(sorted(wrong))}")
    return kept


def complete(sentence: Sentence, kept: Collection[str], names: Collection[str]) -> bool:
    """Whether the sentence has all of what `names` (kinds or columns) say, and all of it is to be `kept`."""
    chosen = list(kinds_of(names))
    others = set(names).difference(*({kind.name, *kind.columns} for kind in chosen))
    return not others and all(kind.complete(sentence, kept) for kind in chosen)


def restore(
    sentence: Sentence, original: Sentence, kept: Collection[str], names: Collection[str] | None = None
) -> None:
    """Puts back what is `kept` of the kinds in `names` (kinds or columns; None: of all kinds) as the original has it.

    To be called after they were written, by one task or by several, to a copy of the original. Where MISC is kept, that
    is what they stand in there too; all of MISC only if it is in `names`, or if these are None.
    """
    keeps_misc = "MISC" in kept and "MISC" in original.columns
    for kind in kinds() if names is None else kinds_of(names):
        kind.restore(sentence, original, kept)
        if keeps_misc:
            kind.restore_misc(sentence, original)
    if keeps_misc and (names is None or "MISC" in names):
        sentence.columns["MISC"] = list(original.columns["MISC"])


# -- what CoNLL-U has no columns for


def lost_in_conllu(sentence: Sentence) -> list[str]:
    """The columns of the sentence that CoNLL-U has no place for, not even in MISC."""
    kept = set(CONLLU_COLUMNS).union(*(kind.columns for kind in kinds() if kind.misc))
    return [name for name in sentence.columns if name not in kept]
