"""Rules of level 3 about basic trees: relations against tags, order, function words, subjects, punctuation.

They hold in every language. Where the guidelines know good exceptions, the finding is a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from depparse.document.columns import get_from_feats
from depparse.document.sentence import Sentence
from depparse.document.trees import subtree
from depparse.document.ud import UPOS
from depparse.treebanks.rules.rule import Hit, Rules

# The tags of a word with a relation; a word with ExtPos counts as that part of speech.
_TAGS = {
    "advmod": frozenset("ADV ADJ CCONJ DET PART SYM".split()),
    "aux": frozenset(["AUX"]),
    "case": UPOS - set("ADJ AUX DET NUM PRON PROPN".split()),
    "cc": frozenset("ADP ADV CCONJ PART PUNCT SCONJ SYM X".split()),
    "cop": frozenset("AUX DET PRON SYM".split()),
    "det": frozenset("DET PRON".split()),
    "expl": frozenset("DET PART PRON".split()),
    "mark": UPOS - set("ADJ AUX DET INTJ NOUN NUM PRON PROPN".split()),
    "nummod": frozenset("NOUN NUM SYM".split()),
}
_ANYWHERE = frozenset("conj fixed goeswith punct reparandum".split())  # what depends on any function word
_BELOW_CASE = _ANYWHERE | set("advmod cc obl".split())
# The relations of words below a function word, by its relation.
_BELOW = {
    "aux": _ANYWHERE | {"cc"},
    "cop": _ANYWHERE | {"cc"},
    "case": _BELOW_CASE,
    "mark": _BELOW_CASE,
    "clf": _BELOW_CASE,
    "cc": _ANYWHERE,
    "det": _BELOW_CASE | set("case clf compound det discourse flat parataxis".split()),
    "fixed": _ANYWHERE - {"fixed"},
    "goeswith": frozenset[str](),
    "punct": frozenset(["punct"]),
}
_FORWARD = ("appos", "conj", "fixed", "flat", "goeswith")
_NOMINALS = frozenset("nsubj obj iobj obl vocative expl dislocated nmod".split())
_ORPHANS_HEADS = frozenset("acl advcl ccomp conj csubj parataxis reparandum root".split())

NEED_FEATURES = ("goeswith-typo", "pronoun-without-type")  # rules for treebanks that have any features


class Tree:
    """A sentence whose heads form a tree: its words count from 1, and lists have something for ROOT at 0.

    `arcs` are those that are not projective (`nonprojective_arcs`).
    """

    def __init__(self, sentence: Sentence, heads: list[int], arcs: list[tuple[int, int]]) -> None:
        columns, blank = sentence.columns, ["_"] * len(sentence)
        self.arcs = arcs
        self.heads = [0, *heads]
        self.labels = ["", *columns.get("DEPREL", blank)]
        self.relations = [label.partition(":")[0] for label in self.labels]
        self.tags = ["", *columns.get("UPOS", blank)]
        self.feats = ["_", *columns.get("FEATS", blank)]
        self.lemmas = ["_", *columns.get("LEMMA", blank)]
        self.misc = ["_", *columns.get("MISC", blank)]
        self.by_relation: dict[str, list[int]] = {}
        for word, relation in enumerate(self.relations):
            self.by_relation.setdefault(relation, []).append(word)

    @cached_property
    def children(self) -> list[list[int]]:
        """The children of each word, in order."""
        children: list[list[int]] = [[] for _ in self.heads]
        for word, head in enumerate(self.heads[1:], 1):
            children[head].append(word)
        return children

    def words(self, *relations: str) -> list[int]:
        """The words with one of these universal relations."""
        return [word for relation in relations for word in self.by_relation.get(relation, ())]

    def tag(self, word: int) -> str:
        """The part of speech that the word has to the outside."""
        feats = self.feats[word]
        return (get_from_feats(feats, "ExtPos") or self.tags[word]) if "ExtPos=" in feats else self.tags[word]

    def child_relations(self, word: int) -> set[str]:
        """The universal relations of the children of a word."""
        return {self.relations[child] for child in self.children[word]}


TREE_RULES: Rules[Tree] = Rules()


@TREE_RULES(
    "relation-tag", 3, "words", "the relation and the part of speech do not go together: {examples}",
    "correct either; a multiword expression has ExtPos at its head", "warning",
)  # fmt: skip
def _relation_tag(tree: Tree) -> Iterator[Hit]:
    for relation, tags in _TAGS.items():
        for word in tree.by_relation.get(relation, ()):
            if tree.tags[word] not in tags or "ExtPos=" in tree.feats[word]:
                tag = tree.tag(word)
                if tag not in tags and not (relation == "advmod" and "goeswith" in tree.child_relations(word)):
                    yield word, f"{relation} {tag}"


@TREE_RULES(
    "punct-tag", 3, "words", "PUNCT has another relation than punct, or punct is no PUNCT: {examples}",
    "correct either; a symbol that is read aloud is SYM", "warning",
)  # fmt: skip
def _punct_tag(tree: Tree) -> Iterator[Hit]:
    for word, (tag, relation) in enumerate(zip(tree.tags, tree.relations, strict=True)):
        if (tag == "PUNCT") != (relation == "punct") and relation not in ("", "root", "_") and tag != "_":
            tag = tree.tag(word)
            if (tag == "PUNCT") != (relation == "punct"):
                yield word, f"{relation} {tag}"


@TREE_RULES(
    "fixed-name", 3, "words", "fixed joins the words of a name, but names are flat or have relations of their own",
    "use flat", "warning",
)  # fmt: skip
def _fixed_name(tree: Tree) -> Iterator[Hit]:
    for _, parts in _groups(tree, "fixed"):
        for word in parts:
            if tree.tag(word) == "PROPN":
                yield word, ""


@TREE_RULES(
    "backward-relation", 3, "words", "the head stands behind the word, but these relations go from left to right: "
    "{examples}", "attach the later word to the first", "warning",
)  # fmt: skip
def _backward_relation(tree: Tree) -> Iterator[Hit]:
    for word in tree.words(*_FORWARD):
        if tree.heads[word] > word:
            yield word, tree.relations[word]


@TREE_RULES(
    "several-subjects", 3, "words", "a predicate has several subjects, and none but one is the subject of a clause "
    "that is itself a predicate", "correct the relations, or use the subtype outer", "warning",
)  # fmt: skip
def _several_subjects(tree: Tree) -> Iterator[Hit]:
    subjects = [word for word in tree.words("nsubj", "csubj") if not tree.labels[word].endswith(":outer")]
    yield from ((head, "") for head in _repeated(tree, subjects))


@TREE_RULES(
    "several-objects", 3, "words", "a predicate has several obj", "make all but one iobj, obl or conj", "warning"
)  # fmt: skip
def _several_objects(tree: Tree) -> Iterator[Hit]:
    yield from ((head, "") for head in _repeated(tree, tree.words("obj")))


def _repeated(tree: Tree, words: list[int]) -> list[int]:
    """The heads of several of the words."""
    heads = Counter(tree.heads[word] for word in words) if len(words) > 1 else {}
    return sorted(head for head, count in heads.items() if count > 1)


@TREE_RULES(
    "function-word-children", 3, "words",
    "a word depends on a function word, on a later part of an expression or on punctuation: {examples}",
    "attach it to the content word", "warning",
)  # fmt: skip
def _function_word_children(tree: Tree) -> Iterator[Hit]:
    for relation, allowed in _BELOW.items():
        for head in tree.by_relation.get(relation, ()):
            for child in tree.children[head]:
                own = tree.relations[child]
                if own not in allowed and not (relation in ("aux", "cop") and _negates(tree, child)):
                    yield child, f"{own} of {relation}"


def _negates(tree: Tree, word: int) -> bool:
    return tree.relations[word] == "advmod" and get_from_feats(tree.feats[word], "Polarity") == "Neg"


@TREE_RULES(
    "oblique-of-nominal", 3, "words", "obl depends on a nominal that is no predicate: there it is nmod",
    "make it nmod, or attach it to the predicate", "warning",
)  # fmt: skip
def _oblique_of_nominal(tree: Tree) -> Iterator[Hit]:
    for word in tree.words("obl"):
        head = tree.heads[word]
        nominal = tree.relations[head] in _NOMINALS and tree.tags[head] in ("NOUN", "PRON", "PROPN")
        if nominal and tree.child_relations(head).isdisjoint(("cop", "nsubj", "csubj")):
            yield word, ""


@TREE_RULES(
    "punct-crossing", 3, "words", "punctuation is attached across words that are not below its head",
    "attach it to the highest word that makes the arc projective", "warning",
)  # fmt: skip
def _punct_crossing(tree: Tree) -> Iterator[Hit]:
    for _, word in tree.arcs:
        if tree.relations[word] == "punct":
            yield word, ""


@TREE_RULES(
    "punct-crossed", 3, "words", "punctuation makes other arcs non-projective", "attach it to a word inside of the arc",
    "warning",
)  # fmt: skip
def _punct_crossed(tree: Tree) -> Iterator[Hit]:
    found: set[int] = set()
    below: dict[int, set[int]] = {}
    for head, word in tree.arcs:
        first, last = sorted((head, word))
        inner = [mark for mark in tree.by_relation.get("punct", ()) if first < mark < last and mark not in found]
        if inner and head not in below:
            below[head] = set(subtree(tree.heads[1:], head))
        for mark in inner:
            above = tree.heads[mark]  # a word of the gap, unless it is the mark that makes the gap
            if mark not in below[head] and not (first < above < last and above not in below[head]):
                found.add(mark)
    yield from ((word, "") for word in sorted(found))


@TREE_RULES(
    "goeswith-gap", 3, "words", "goeswith joins words that are not neighbours", "attach each part to the first",
    "warning",
)  # fmt: skip
def _goeswith_gap(tree: Tree) -> Iterator[Hit]:
    for head, parts in _groups(tree, "goeswith"):
        if parts != list(range(head, head + len(parts))):
            yield head, ""


@TREE_RULES(
    "goeswith-spacing", 3, "words", "goeswith joins what no space divides: that is one word in the text",
    "make one word of the parts", "warning",
)  # fmt: skip
def _goeswith_spacing(tree: Tree) -> Iterator[Hit]:
    for _, parts in _groups(tree, "goeswith"):
        for word in parts[:-1]:
            if "SpaceAfter=No" in tree.misc[word].split("|"):
                yield word, ""


@TREE_RULES(
    "goeswith-annotation", 3, "words",
    "later parts of a word that is written apart have lemma, features or another tag than X",
    "annotate only the first part", "warning",
)  # fmt: skip
def _goeswith_annotation(tree: Tree) -> Iterator[Hit]:
    for word in tree.words("goeswith"):
        if (tree.lemmas[word], tree.tags[word], tree.feats[word]) != ("_", "X", "_"):
            yield word, ""


@TREE_RULES(
    "goeswith-typo", 3, "words", "the first part of a word that is written apart has no Typo=Yes", "add Typo=Yes",
    "warning",
)  # fmt: skip
def _goeswith_typo(tree: Tree) -> Iterator[Hit]:
    for head, _ in _groups(tree, "goeswith"):
        if get_from_feats(tree.feats[head], "Typo") != "Yes":
            yield head, ""


@TREE_RULES(
    "fixed-gap", 3, "words", "a fixed expression is interrupted by more than punctuation", "look at them", "note"
)  # fmt: skip
def _fixed_gap(tree: Tree) -> Iterator[Hit]:
    for head, parts in _groups(tree, "fixed"):
        inside = set(range(parts[0], parts[-1])) - set(parts)
        if any(tree.tags[word] != "PUNCT" for word in inside):
            yield head, ""


@TREE_RULES(
    "fixed-without-extpos", 3, "words", "a fixed expression does not say its part of speech", "add ExtPos to its head",
    "note",
)  # fmt: skip
def _fixed_without_extpos(tree: Tree) -> Iterator[Hit]:
    for head, _ in _groups(tree, "fixed"):
        if "ExtPos=" not in tree.feats[head]:
            yield head, ""


def _groups(tree: Tree, relation: str) -> Iterator[tuple[int, list[int]]]:
    """Each word with children of the relation: the word, and it and them in order."""
    words = tree.by_relation.get(relation)
    for head in sorted({tree.heads[word] for word in words}) if words else ():
        yield head, sorted([head, *(child for child in tree.children[head] if tree.relations[child] == relation)])


@TREE_RULES(
    "orphan-head", 3, "words", "orphan depends on a word that is no predicate without its verb: {examples}",
    "use orphan only where a predicate was left out", "note",
)  # fmt: skip
def _orphan_head(tree: Tree) -> Iterator[Hit]:
    for word in tree.words("orphan"):
        if (relation := tree.relations[tree.heads[word]]) not in _ORPHANS_HEADS:
            yield word, relation


@TREE_RULES(
    "flat-foreign", 3, "words", "flat:foreign joins words that are not X with Foreign=Yes and no other feature",
    "use flat, or correct the words", "note",
)  # fmt: skip
def _flat_foreign(tree: Tree) -> Iterator[Hit]:
    words = [word for word in tree.words("flat") if tree.labels[word] == "flat:foreign"]
    for word in sorted({*words, *(tree.heads[word] for word in words)}):
        if (tree.tags[word], tree.feats[word]) != ("X", "Foreign=Yes"):
            yield word, ""


@TREE_RULES(
    "finite-without-mood", 3, "words", "VerbForm=Fin without Mood", "add Mood, or use another VerbForm", "note"
)  # fmt: skip
def _finite_without_mood(tree: Tree) -> Iterator[Hit]:
    for word, feats in enumerate(tree.feats):
        if "VerbForm=Fin" in feats and get_from_feats(feats, "VerbForm") == "Fin" and "Mood=" not in feats:
            yield word, ""


@TREE_RULES("pronoun-without-type", 3, "words", "PRON or DET without PronType: {examples}", "add PronType", "note")
def _pronoun_without_type(tree: Tree) -> Iterator[Hit]:
    for word, tag in enumerate(tree.tags):
        if tag in ("PRON", "DET") and "PronType=" not in tree.feats[word]:
            yield word, tag
