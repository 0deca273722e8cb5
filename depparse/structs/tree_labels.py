"""Dependency trees as one label a word, and back: parsing as sequence labelling. Each encoding is a pair of functions.

``heads[0]`` is ROOT's and ignored; ``heads[d]`` is the head of word d. `Encoding.encode` gives the labels of the words
1 to n, or None for a tree that the encoding cannot say. `Encoding.decode` gives heads for any labels whatever, -1 where
they tell none; these need not be a tree, so an exact decoder has to complete them. Both take O(n) time, except that
`hierarchical` takes O(n²), and finding two planes O(n²).

- `absolute` and `relative`: the head, or how far it is (Strzyz, Vilares & Gómez-Rodríguez 2019, *Viable Dependency
  Parsing as Sequence Labeling*). Where we differ: the root has a label of its own, whatever its place.
- `relative_by_tag`: the head is the k-th word of a tag to the left or right (the same paper).
- `bracketing`: the ends of arcs as brackets (the same; Yli-Jyrä & Gómez-Rodríguez 2017). The arc from ROOT has
  brackets too. Arcs of one direction must not cross.
- `two_planar`: brackets in two planes (Strzyz, Vilares & Gómez-Rodríguez 2020, *Bracketing Encodings for 2-Planar
  Dependency Parsing*). Where we differ: arcs need different planes only if they cross and have one direction, and the
  planes are found exactly, so that more trees have labels.
- `four_bits` and `seven_bits`: bits in place of brackets (Gómez-Rodríguez, Roca & Vilares 2023, *4 and 7-bit Labeling
  for Projective and Non-Projective Dependency Trees*). Where we differ: each direction has a stack of its own, so that
  the trees are those of `bracketing` and `two_planar`.
- `arc_hybrid`: what an arc-hybrid parser does after it has read the word (Gómez-Rodríguez, Strzyz & Vilares 2020, *A
  Unifying Theory of Transition-based and Sequence Labeling Parsing*). Projective trees.
- `hierarchical`: see `hierarchical_brackets`. Any tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from depparse.structs import hierarchical_brackets
from depparse.structs.hierarchical_brackets import BRACKETS, NO_HEAD, SKIP
from depparse.structs.planes import crossings, two_planes

Heads = Sequence[int]
Tags = Sequence[str]  # of the words 1 to n
_ROOT = "root"  # the label of the root, of encodings that count words


class Encoding(NamedTuple):
    """How trees become labels and labels become heads."""

    encode: Callable[[Heads, Tags], list[str] | None]
    decode: Callable[[Sequence[str], Tags], list[int]]  # with the entry of ROOT, which is NO_HEAD


# -- the place of the head


def _encode_absolute(heads: Heads, _tags: Tags) -> list[str]:
    return [str(head) if head else _ROOT for head in heads[1:]]


def _decode_absolute(labels: Sequence[str], _tags: Tags) -> list[int]:
    return [NO_HEAD, *(_head(label, 0, word, len(labels)) for word, label in enumerate(labels, 1))]


def _encode_relative(heads: Heads, _tags: Tags) -> list[str]:
    return [f"{head - word:+d}" if head else _ROOT for word, head in enumerate(heads[1:], 1)]


def _decode_relative(labels: Sequence[str], _tags: Tags) -> list[int]:
    return [NO_HEAD, *(_head(label, word, word, len(labels)) for word, label in enumerate(labels, 1))]


def _head(label: str, origin: int, word: int, n_words: int) -> int:
    """The head of `word` at the distance that the label tells from the origin; NO_HEAD if it is no other word."""
    if label == _ROOT:
        return 0
    head = origin + int(label)
    return head if 1 <= head <= n_words and head != word else NO_HEAD


def _encode_by_tag(heads: Heads, tags: Tags) -> list[str]:
    labels = []
    for word, head in enumerate(heads[1:], 1):
        if not head:
            labels.append(_ROOT)
            continue
        tag = tags[head - 1]
        between = tags[word:head] if word < head else tags[head - 1 : word - 1]
        count = sum(each == tag for each in between)
        labels.append(f"{count if word < head else -count:+d} {tag}")
    return labels


def _decode_by_tag(labels: Sequence[str], tags: Tags) -> list[int]:
    places: dict[str, list[int]] = {}
    for word, tag in enumerate(tags, 1):
        places.setdefault(tag, []).append(word)
    heads = [NO_HEAD]
    for word, label in enumerate(labels, 1):
        if label == _ROOT:
            heads.append(0)
            continue
        count, _, tag = label.partition(" ")
        steps = int(count)
        others = [place for place in places.get(tag, ()) if place != word]
        before = sum(place < word for place in others)
        index = before + steps - (steps > 0)
        heads.append(others[index] if 0 <= index < len(others) and steps else NO_HEAD)
    return heads


# -- brackets: each end of an arc is one


def _encode_brackets(heads: Heads, _tags: Tags) -> list[str] | None:
    if crossings(heads):
        return None
    return _brackets(heads, [0] * len(heads))


def _encode_planes(heads: Heads, _tags: Tags) -> list[str] | None:
    planes = two_planes(heads)
    return None if planes is None else _brackets(heads, planes)


def _brackets(heads: Heads, planes: Sequence[int]) -> list[str]:
    """The brackets of each word: those that open stand at the word behind, as in the papers.

    ``planes[d]`` is that of the arc to word d; brackets of the plane 1 have a star.
    """
    labels = [""] * (len(heads) + 1)
    for plane, star in enumerate(("", SKIP)):
        arcs = [(head, word) for word, head in enumerate(heads) if word and planes[word] == plane]
        for bracket, places in (
            ("<", [word + 1 for head, word in arcs if word < head]),
            ("\\", [head for head, word in arcs if word < head]),
            ("/", [head + 1 for head, word in arcs if head < word]),
            (">", [word for head, word in arcs if head < word]),
        ):
            for place in places:
                labels[place] += bracket + star
    return labels[1 : len(heads)]


def _decode_brackets(labels: Sequence[str], _tags: Tags) -> list[int]:
    heads = [NO_HEAD] * (len(labels) + 1)
    to_left: dict[str, list[int]] = {"": [], SKIP: []}  # words whose head is to the right, by plane
    to_right: dict[str, list[int]] = {"": [], SKIP: []}  # heads of words to the right, once for each
    for word, label in enumerate(labels, 1):
        for bracket, _, stars in BRACKETS.findall(label):
            plane = stars[:1]
            if bracket == "<" and word > 1:
                to_left[plane].append(word - 1)
            elif bracket == "/":
                to_right[plane].append(word - 1)
            elif bracket == "\\" and to_left[plane]:
                heads[to_left[plane].pop()] = word
            elif bracket == ">" and to_right[plane]:
                heads[word] = to_right[plane].pop()
    return heads


# -- bits


def _encode_four_bits(heads: Heads, _tags: Tags) -> list[str] | None:
    if crossings(heads):
        return None
    return ["".join(map(str, map(int, bits))) for bits in _bits(heads, [0] * len(heads), 0)]


def _encode_seven_bits(heads: Heads, _tags: Tags) -> list[str] | None:
    planes = two_planes(heads)
    if planes is None:
        return None
    labels = []
    for word, (first, second) in enumerate(zip(_bits(heads, planes, 0), _bits(heads, planes, 1), strict=True), 1):
        own = second if planes[word] else first
        bits = (planes[word] == 1, *own[:2], *first[2:], *second[2:])
        labels.append("".join(map(str, map(int, bits))))
    return labels


def _bits(heads: Heads, planes: Sequence[int], plane: int) -> list[tuple[bool, bool, bool, bool]]:
    """Of each word in the plane: whether its head is to the left; whether it is the outermost dependent there; whether
    it has dependents to the left, and to the right."""
    outermost: dict[tuple[int, bool], int] = {}  # the outermost dependent of a head on a side
    for word, head in enumerate(heads):
        if word and planes[word] == plane and (head < word or (head, False) not in outermost):
            outermost[head, head < word] = word
    return [
        (
            head < word,
            outermost.get((head, head < word)) == word,
            (word, False) in outermost,
            (word, True) in outermost,
        )
        for word, head in enumerate(heads)
        if word
    ]


def _decode_four_bits(labels: Sequence[str], _tags: Tags) -> list[int]:
    heads = [NO_HEAD] * (len(labels) + 1)
    plane = _BitPlane(heads)
    for word, label in enumerate(labels, 1):
        is_right, is_outermost, has_left, has_right = (bit == "1" for bit in label)
        plane.read(word, (is_right, is_outermost), has_left, has_right)
    return heads


def _decode_seven_bits(labels: Sequence[str], _tags: Tags) -> list[int]:
    heads = [NO_HEAD] * (len(labels) + 1)
    planes = [_BitPlane(heads), _BitPlane(heads)]
    for word, label in enumerate(labels, 1):
        bits = [bit == "1" for bit in label]
        for number, plane in enumerate(planes):
            own = (bits[1], bits[2]) if bits[0] == number else None
            plane.read(word, own, bits[3 + 2 * number], bits[4 + 2 * number])
    return heads


class _BitPlane:
    """The arcs of one plane, found from left to right, and written to `heads`."""

    def __init__(self, heads: list[int]) -> None:
        self._heads = heads
        self._dependents: list[tuple[int, bool]] = []  # whose head is to the right; whether they are the outermost
        self._governors = [0]  # that have dependents to the right

    def read(self, word: int, own: tuple[bool, bool] | None, has_left: bool, has_right: bool) -> None:
        """Reads a word; `own` says whether its head is to the left, and whether it is outermost, if it has a head in
        this plane."""
        while has_left and self._dependents:
            dependent, is_outermost = self._dependents.pop()
            self._heads[dependent] = word
            has_left = not is_outermost
        if own is not None:
            is_right, is_outermost = own
            if not is_right:
                self._dependents.append((word, is_outermost))
            elif self._governors:
                self._heads[word] = self._governors.pop() if is_outermost else self._governors[-1]
        if has_right:
            self._governors.append(word)


# -- transitions


def _encode_arc_hybrid(heads: Heads, _tags: Tags) -> list[str] | None:
    labels, stack = [""] * len(heads), [0]
    missing = [0] * len(heads)  # dependents that each word still lacks
    for head in heads[1:]:
        missing[head] += 1
    for word in range(1, len(heads)):
        stack.append(word)
        following = word + 1
        while len(stack) > 1 and not missing[stack[-1]]:
            head = heads[stack[-1]]
            if head == following and following < len(heads):
                labels[word] += "L"
            elif head == stack[-2]:
                labels[word] += "R"
            else:
                break
            missing[head] -= 1
            stack.pop()
    return labels[1:] if len(stack) == 1 else None


def _decode_arc_hybrid(labels: Sequence[str], _tags: Tags) -> list[int]:
    heads, stack = [NO_HEAD] * (len(labels) + 1), [0]
    for word, label in enumerate(labels, 1):
        stack.append(word)
        for action in label:
            if len(stack) > 1 and (action == "R" or word < len(labels)):
                dependent = stack.pop()
                heads[dependent] = stack[-1] if action == "R" else word + 1
    return heads


def _encode_hierarchical(heads: Heads, _tags: Tags) -> list[str]:
    return hierarchical_brackets.encode(heads)


def _decode_hierarchical(labels: Sequence[str], _tags: Tags) -> list[int]:
    return hierarchical_brackets.decode(labels)


ENCODINGS: dict[str, Encoding] = {
    "absolute": Encoding(_encode_absolute, _decode_absolute),
    "relative": Encoding(_encode_relative, _decode_relative),
    "relative_by_tag": Encoding(_encode_by_tag, _decode_by_tag),
    "bracketing": Encoding(_encode_brackets, _decode_brackets),
    "two_planar": Encoding(_encode_planes, _decode_brackets),
    "four_bits": Encoding(_encode_four_bits, _decode_four_bits),
    "seven_bits": Encoding(_encode_seven_bits, _decode_seven_bits),
    "arc_hybrid": Encoding(_encode_arc_hybrid, _decode_arc_hybrid),
    "hierarchical": Encoding(_encode_hierarchical, _decode_hierarchical),
}
