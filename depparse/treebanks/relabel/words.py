"""Commands that split and join words, and make and dissolve multiword tokens. None of them changes the text.

Where spaces are told by attributes of MISC, they stay with the ends of tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from depparse.document.words import MultiwordToken
from depparse.treebanks.relabel.commands import Names, Value
from depparse.treebanks.relabel.draft import CommandError, Draft, attributes

_NO_SPACE = "SpaceAfter=No"
_AFTER = ("SpaceAfter", "SpacesAfter")
_OTHERS = ("SpacesBefore", "SpacesInToken")
_NEW = "dep"  # the relation of a new word to the one that it was split from


@dataclass(frozen=True, slots=True)
class Split:
    """``split X into "de", Y "le"``, or ``split X at -3 as Y``: X becomes the first part and keeps its annotation.

    Where the parts do not spell the word, it becomes a multiword token.
    """

    name: str
    parts: tuple[str | None, ...]  # the names of the parts behind the first
    forms: tuple[Value, ...]  # of all parts; none if it is split at a place
    at: int = 0  # characters of the first part, or if negative of the last

    @property
    def needs(self) -> tuple[str, ...]:
        """The names without which it is left out."""
        return (self.name, *(name for form in self.forms for name in form.needs))

    def run(self, draft: Draft, names: Names) -> None:
        """Splits the word."""
        key = names.node(self.name)
        id, form, misc = draft.word(key), draft.cell(key, "FORM"), draft.cell(key, "MISC")
        forms = [value.of(draft, names) for value in self.forms] or [form[: self.at], form[self.at :]]
        if not all(forms):
            raise CommandError(f"{form!r} has no such parts")
        token = _token_of(draft, id)
        if token is None and "SpacesInToken" in misc:
            raise CommandError("a word with SpacesInToken cannot be split")
        new = [draft.new_key() for _ in forms[1:]]
        words = draft.keys[: len(draft.sentence)]
        draft.renumber([*words[:id], *new, *words[id:]], {}, {key: new[-1]})
        names.nodes |= {name: other for name, other in zip(self.parts, new, strict=True) if name is not None}
        has_tree, has_graph = "HEAD" in draft.sentence.columns, draft.cell(key, "DEPS") != "_"
        for other, text in zip([key, *new], forms, strict=True):
            draft.set_cell(other, "FORM", text)
            if other != key and has_tree:
                draft.attach(other, key, _NEW)
            if other != key and has_graph:
                draft.set_edges(other, [(key, _NEW)])
        if token is not None:
            return
        if form in ("".join(forms), " ".join(forms)):
            _space(draft, [key, *new], [form == " ".join(forms)] * len(new), _parts(misc, _AFTER))
        else:
            _make(draft, id, id + len(new), form, _parts(misc, (*_AFTER, *_OTHERS)))


@dataclass(frozen=True, slots=True)
class Join:
    """``join X Y``: two neighbours become one word, which is X, with the dependents of both.

    If Y was the head of X, X takes the head and the relation of Y.
    """

    left: str
    right: str

    @property
    def needs(self) -> tuple[str, ...]:
        """The names without which it is left out."""
        return self.left, self.right

    def run(self, draft: Draft, names: Names) -> None:
        """Joins the words."""
        left, right = names.node(self.left), names.node(self.right)
        id = draft.word(left)
        if draft.word(right) != id + 1:
            raise CommandError(f"{self.right} does not stand just behind {self.left}")
        token, other = _token_of(draft, id), _token_of(draft, id + 1)
        if token is not other:
            raise CommandError("a word is in a multiword token that the other is not in")
        form = draft.cell(left, "FORM") + draft.cell(right, "FORM")
        misc = draft.cell(left, "MISC")
        if token is None:
            _refuse_odd_spaces(draft, [left, right])
            form = draft.cell(left, "FORM") + _gap(misc) + draft.cell(right, "FORM")
            misc = _with_spacing(misc, _parts(draft.cell(right, "MISC"), _AFTER))
        elif token.start == id and token.end == id + 1:
            if token.cells.get("FEATS", "_") != "_":
                raise CommandError("the multiword token has FEATS of its own")
            form = token.cells.get("FORM", "_")
            misc = "|".join([*attributes(misc), *attributes(token.cells.get("MISC", "_"))]) or "_"
        if draft.head(left) == right:
            draft.attach(left, draft.head(right), draft.cell(right, "DEPREL"))
        edges = [edge for edge in draft.edges(left) if edge[0] != right]
        draft.set_edges(left, [*edges, *(edge for edge in draft.edges(right) if edge[0] != left)])
        draft.set_cell(left, "FORM", form)
        draft.set_cell(left, "MISC", misc)
        words = [key for key in draft.keys[: len(draft.sentence)] if key != right]
        draft.renumber(words, {right: left}, {})


@dataclass(frozen=True, slots=True)
class MakeToken:
    """``make_mwt X Y``: the words from X to Y become one multiword token."""

    first: str
    last: str

    @property
    def needs(self) -> tuple[str, ...]:
        """The names without which it is left out."""
        return self.first, self.last

    def run(self, draft: Draft, names: Names) -> None:
        """Makes the token."""
        first, last = draft.word(names.node(self.first)), draft.word(names.node(self.last))
        if first >= last:
            raise CommandError(f"{self.last} does not stand behind {self.first}")
        keys = draft.keys[first - 1 : last]
        if any(_token_of(draft, id) is not None for id in range(first, last + 1)):
            raise CommandError("a word is in a multiword token already")
        _refuse_odd_spaces(draft, keys)
        forms, cells = ([draft.cell(key, name) for key in keys] for name in ("FORM", "MISC"))
        text = "".join(form + _gap(cell) for form, cell in zip(forms[:-1], cells, strict=False)) + forms[-1]
        _make(draft, first, last, text, _parts(cells[-1], _AFTER))


@dataclass(frozen=True, slots=True)
class DissolveToken:
    """``del_mwt X``: the words of the multiword token that X is in, which have to spell it, stand alone."""

    name: str

    @property
    def needs(self) -> tuple[str, ...]:
        """The names without which it is left out."""
        return (self.name,)

    def run(self, draft: Draft, names: Names) -> None:
        """Dissolves the token."""
        token = _token_of(draft, draft.word(names.node(self.name)))
        if token is None:
            raise CommandError(f"{self.name} is in no multiword token")
        keys = draft.keys[token.start - 1 : token.end]
        form, misc = token.cells.get("FORM", "_"), token.cells.get("MISC", "_")
        if token.cells.get("FEATS", "_") != "_" or "SpacesInToken" in misc:
            raise CommandError("the multiword token has FEATS or SpacesInToken of its own")
        gaps, place = [], 0
        for number, key in enumerate(keys):
            gaps += [form[place : place + 1] == " "] if number else []
            place += number > 0 and gaps[-1]
            word = draft.cell(key, "FORM")
            if not form.startswith(word, place):
                raise CommandError(f"the words do not spell the token {form!r}; set their forms first")
            place += len(word)
        if place != len(form):
            raise CommandError(f"the words do not spell the token {form!r}; set their forms first")
        draft.sentence.mwts.remove(token)
        others = [part for part in attributes(misc) if part not in _parts(misc, _AFTER)]
        if others:
            draft.set_cell(keys[0], "MISC", "|".join([*attributes(draft.cell(keys[0], "MISC")), *others]))
        _space(draft, keys, gaps, _parts(misc, _AFTER))


@dataclass(frozen=True, slots=True)
class CutSentence:
    """``split_sentence X``: X begins a new sentence, once the rule is done with this one."""

    name: str

    @property
    def needs(self) -> tuple[str, ...]:
        """The names without which it is left out."""
        return (self.name,)

    def run(self, draft: Draft, names: Names) -> None:
        """Notes the place."""
        id = draft.word(names.node(self.name))
        token = _token_of(draft, id)
        if id == 1 or (token is not None and token.start < id):
            raise CommandError("no sentence can begin at the first word or within a multiword token")
        names.cuts.append(names.node(self.name))


@dataclass(frozen=True, slots=True)
class JoinSentence:
    """``join_sentence X -[parataxis]-> *``: the next sentence is joined to this one; X governs its root."""

    name: str
    label: str

    @property
    def needs(self) -> tuple[str, ...]:
        """The names without which it is left out."""
        return (self.name,)

    def run(self, draft: Draft, names: Names) -> None:
        """Notes the word and the label."""
        draft.word(names.node(self.name))
        names.joins.append((names.node(self.name), self.label))


def _token_of(draft: Draft, id: int) -> MultiwordToken | None:
    return next((token for token in draft.sentence.mwts if token.start <= id <= token.end), None)


def _parts(misc: str, names: Iterable[str]) -> list[str]:
    return [part for part in attributes(misc) if part.partition("=")[0] in names]


def _with_spacing(misc: str, spacing: Sequence[str]) -> str:
    """The cell with this spacing behind the word, in the place of the old one."""
    parts = attributes(misc)
    old = _parts(misc, _AFTER)
    place = parts.index(old[0]) if old else len(parts)
    kept = [part for part in parts[place:] if part not in old]
    return "|".join([*parts[:place], *spacing, *kept]) or "_"


def _gap(misc: str) -> str:
    return "" if _NO_SPACE in attributes(misc) else " "


def _refuse_odd_spaces(draft: Draft, keys: Sequence[int]) -> None:
    """Raises CommandError if the spaces between these words are not told by SpaceAfter alone."""
    cells = [draft.cell(key, "MISC") for key in keys]
    odd = [_parts(cell, _OTHERS) for cell in cells] + [_parts(cell, ("SpacesAfter",)) for cell in cells[:-1]]
    if any(odd):
        raise CommandError("a word has SpacesAfter, SpacesBefore or SpacesInToken")


def _space(draft: Draft, keys: Sequence[int], gaps: Sequence[bool], last: Sequence[str]) -> None:
    """Writes whether there is a space behind each of these words, and the spacing behind the last."""
    for key, gap in zip(keys[:-1], gaps, strict=True):
        draft.set_cell(key, "MISC", _with_spacing(draft.cell(key, "MISC"), [] if gap else [_NO_SPACE]))
    draft.set_cell(keys[-1], "MISC", _with_spacing(draft.cell(keys[-1], "MISC"), last))


def _make(draft: Draft, first: int, last: int, form: str, spacing: Sequence[str]) -> None:
    """Makes a multiword token of the words from one ID to another, which lose their spacing to it."""
    sentence = draft.sentence
    for key in draft.keys[first - 1 : last]:
        misc = draft.cell(key, "MISC")
        kept = [part for part in attributes(misc) if part.partition("=")[0] not in (*_AFTER, *_OTHERS)]
        draft.set_cell(key, "MISC", "|".join(kept) or "_")
    cells = dict.fromkeys(sentence.columns, "_") | {"FORM": form, "MISC": "|".join(spacing) or "_"}
    sentence.mwts = sorted([*sentence.mwts, MultiwordToken(first, last, cells)], key=lambda token: token.start)
    sentence.forget_offsets()
