"""What segmentation loses, by cause, and how much of LAS it costs.

    python benchmarks/segmentation.py MODEL GOLD.conllu [--train FILE] [--wrap 80] [--examples N] [--raw-scores]

MODEL (what `depparse.load` takes) reads the raw text of GOLD; what it finds is compared with GOLD as the official
scorer does, by the characters without white space. Tables are Markdown:

- tokens: ends of tokens that were missed, and that are not there (extra), by the characters around them;
- multiword tokens: what became of them. *Seen* are those whose very words are in the training data: `--train`, by
  default the train file beside GOLD;
- sentences: ends missed and extra, by what stands before, by what comes after, and by the space between;
- LAS, where the model parses: with gold segmentation, and with parts of it replaced by the predicted one. A sentence
  end that falls into a token of the other segmentation comes after that token.

`--wrap`: the raw text has lines of at most so many characters, as in the UD releases. `--examples`: so many of each
kind, with ‖ where the end is. `--raw-scores`: all scores from raw text.
"""

from __future__ import annotations

import argparse
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path

import depparse
from depparse.document.document import Document
from depparse.document.raw_text import iter_text
from depparse.document.sentence import Sentence
from depparse.document.words import MultiwordToken
from depparse.evaluation.pair import read_strictly
from depparse.evaluation.scores import Scores
from depparse.evaluation.segmentation import SPACES, Segmentation, check_same_text, segment
from depparse.evaluation.systems import bare_copies
from depparse.evaluation.ud import evaluate
from depparse.formats.conllu import iter_conllu
from depparse.inference.pipeline import Pipeline
from depparse.text.wrap import wrapped
from depparse.treebanks.treebank import find_splits

_APOSTROPHES = frozenset("'’‘ʼ`´＇׳")
_FINAL = frozenset(".!?…‽؟۔।॥。！？")
_CLOSING = frozenset("\"'”’»)]}›」』）】")
# Bounded, as there are texts without a space.
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[!-~]+"
    r"|[\w.+%-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+"
    r"|[\w-]{1,64}(?:\.[\w-]{1,64}){0,8}?\.(?:com|org|net|edu|gov|html?)\b[!-~]*",
    re.IGNORECASE | re.ASCII,
)
_NUMBER = re.compile(r"\d+(?:[.,:/’'\u2212\-]\d+)+|\d+")
_SEEN_AROUND = 24  # characters of the text in examples, on either side

Words = tuple[str, ...]


class Text:
    """The raw text by its characters without white space, which are counted from 0 as the scorer does."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.places = [place for place, char in enumerate(raw) if not (char.isspace() or SPACES.match(char))]
        self.characters = "".join(raw[place] for place in self.places)
        self._inside = {
            name: _starts_inside(pattern, raw) for name, pattern in (("address", _ADDRESS), ("number", _NUMBER))
        }

    def before(self, place: int) -> str:
        return self.characters[place - 1]

    def after(self, place: int) -> str:
        return self.characters[place]

    def gap(self, place: int) -> str:
        """The white space before the character."""
        return self.raw[self.places[place - 1] + 1 : self.places[place]]

    def is_inside(self, name: str, place: int) -> bool:
        """Whether the character continues an address or a number."""
        return self.places[place] in self._inside[name]

    def example(self, place: int) -> str:
        """The text around an end."""
        here, there = self.places[place - 1] + 1, self.places[place]
        parts = self.raw[max(0, here - _SEEN_AROUND) : here], self.raw[here : there + _SEEN_AROUND]
        return re.sub(r"\s+", " ", "‖".join(parts)).replace("`", "'")


def _starts_inside(pattern: re.Pattern[str], raw: str) -> set[int]:
    return {place for match in pattern.finditer(raw) for place in range(match.start() + 1, match.end())}


# -- kinds


def token_kind(text: Text, place: int) -> str:
    """What an end of a token before the character at `place` is an end of."""
    before, after = text.before(place), text.after(place)
    if text.gap(place):
        return "at white space"
    if text.is_inside("address", place):
        return "inside a web or mail address"
    if text.is_inside("number", place):
        return "inside a number"
    if before in _APOSTROPHES or after in _APOSTROPHES:
        return "at an apostrophe"
    classes = {unicodedata.category(char)[0] for char in (before, after)}
    if "Pd" in map(unicodedata.category, (before, after)):
        return "at a hyphen or dash"
    if "." in (before, after):
        return "at a full stop"
    if "P" in classes:
        return "at other punctuation"
    if classes <= {"L", "M"}:
        return "between letters"
    if classes <= {"L", "M", "N"}:
        return "between a letter and a digit" if len(classes) > 1 else "between digits"
    return "at a symbol"


def kind_before(text: Text, place: int) -> str:
    """What a sentence that ends before the character at `place` ends in."""
    last = place - 1
    while last and text.characters[last] in _CLOSING:
        last -= 1
    if text.characters[last] in _FINAL:
        return "after final punctuation"
    return {"P": "after other punctuation", "L": "after a letter", "M": "after a letter", "N": "after a digit"}.get(
        unicodedata.category(text.before(place))[0], "after a symbol"
    )


def kind_after(text: Text, place: int) -> str:
    """How what comes after the end of a sentence begins."""
    category = unicodedata.category(text.after(place))
    named = {"Lu": "before upper case", "Lt": "before upper case", "Ll": "before lower case"}
    by_class = {"L": "before a letter without case", "N": "before a digit", "P": "before punctuation"}
    return named.get(category) or by_class.get(category[0], "before a symbol")


def kind_of_gap(text: Text, place: int) -> str:
    """What stands between a sentence and the next."""
    gap = text.gap(place)
    if gap.count("\n") > 1:
        return "at a paragraph break"
    return "at a line end" if "\n" in gap else "at a space" if gap else "without a space"


# -- differences


@dataclass(slots=True)
class Differences:
    """Ends by kind: how many there are in the gold data, and places of those missed and extra."""

    gold: Counter[str] = field(default_factory=Counter)
    missed: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    extra: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, gold: Iterable[int], system: Iterable[int], kind: Callable[[int], str]) -> Differences:
        """Of two sets of ends, without that of the whole text."""
        a, b = set(gold), set(system)
        found = cls(Counter(map(kind, a)))
        for places, kinds in ((a - b, found.missed), (b - a, found.extra)):
            for place in sorted(places):
                kinds[kind(place)].append(place)
        return found


def tokens_of(side: Segmentation) -> dict[tuple[int, int], tuple[str, Words]]:
    """Form and words of each token by its range of characters; a token that is a word has no words."""
    forms = [token.text for sentence in side.document for token in sentence.tokens]
    firsts = pairwise([*side.token_words.tolist(), len(side)])
    ranges = zip(side.token_starts.tolist(), side.token_ends.tolist(), strict=True)
    return {
        place: (form, tuple(side.forms[first:end]) if side.multiword[first] else ())
        for place, form, (first, end) in zip(ranges, forms, firsts, strict=True)
    }


def compare_multiwords(
    gold: Segmentation, system: Segmentation, seen: Collection[tuple[str, Words]]
) -> tuple[int, dict[str, list[tuple[str, bool]]]]:
    """How many multiword tokens are right; for each cause, what it was and was made, and if that which it was was seen.

    Words are compared in lower case, as the scorer does.
    """
    n_right = 0
    causes: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    a, b = tokens_of(gold), tokens_of(system)
    for place, (form, words) in a.items():
        made = b[place][1] if place in b else None
        if made is None:
            cause = "its token was not found"
        elif not made:
            cause = "left whole"
        elif [word.lower() for word in words] != [word.lower() for word in made]:
            cause = "other words"
        else:
            cause = ""
        if words and not cause:
            n_right += 1
        elif words:
            causes[cause].append((f"{form}: {' '.join(words)}{_instead(made)}", (form, words) in seen))
        elif made:
            causes["made of a single word"].append((f"{form}{_instead(made)}", (form, ()) in seen))
    for place, (form, made) in b.items():
        if made and place not in a:
            causes["made of what is no token"].append((f"{form}{_instead(made)}", False))
    return n_right, causes


def _instead(made: Words | None) -> str:
    return f" → {' '.join(made)}" if made else ""


def read_seen(path: Path) -> set[tuple[str, Words]]:
    """Form and words of each token of a file."""
    return {
        (token.text, tuple(word.text for word in token.words) if token.multiword is not None else ())
        for sentence in iter_conllu(path)
        for token in sentence.tokens
    }


# -- LAS with parts of the segmentation replaced


def resegmented(side: Segmentation, ends: Iterable[int], other: Segmentation | None = None) -> Iterator[Sentence]:
    """The tokens of `side` with sentence ends after the given characters, or after the token that they fall into.

    With `other`, tokens that are in both have the words that they have there.
    """
    theirs = {} if other is None else tokens_of(other)
    stops = iter(sorted(ends))
    stop = next(stops, None)
    forms: list[str] = []
    multiwords: list[MultiwordToken] = []
    for place, (form, words) in tokens_of(side).items():
        if place in theirs:
            words = theirs[place][1]
        if words:
            multiwords.append(MultiwordToken(len(forms) + 1, len(forms) + len(words), {"FORM": form}))
        forms += words or (form,)
        ended = False
        while stop is not None and stop <= place[1]:
            ended, stop = True, next(stops, None)
        if ended:
            yield Sentence({"FORM": forms}, (), multiwords)
            forms, multiwords = [], []
    if forms:
        yield Sentence({"FORM": forms}, (), multiwords)


def counterfactuals(pipeline: Pipeline, gold: Segmentation, system: Segmentation) -> dict[str, Scores]:
    """The scores with gold segmentation, with one part of it replaced by the predicted one, and with all of it."""
    gold_ends, system_ends = gold.sentence_ends.tolist(), system.sentence_ends.tolist()
    variants: dict[str, Iterable[Sentence]] = {
        "gold segmentation": bare_copies(gold.document),
        "predicted sentence ends": resegmented(gold, system_ends),
        "predicted words of multiword tokens": resegmented(gold, gold_ends, system),
        "predicted tokens and words": resegmented(system, gold_ends),
        "all predicted": system.document,
    }
    return {
        name: evaluate(gold.document, Document(pipeline.annotate_stream(sentences)))
        for name, sentences in variants.items()
    }


# -- tables


def print_table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    columns = list(columns)
    print(f"\n{title}\n")
    for cells in (columns, ["---", *["--:"] * (len(columns) - 1)], *rows):
        print(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |")


def print_ends(title: str, found: Differences, text: Text, examples: int) -> None:
    n_errors = sum(map(len, [*found.missed.values(), *found.extra.values()]))

    def n_wrong(kind: str) -> int:
        return len(found.missed.get(kind, ())) + len(found.extra.get(kind, ()))

    kinds = sorted(
        found.gold.keys() | found.missed.keys() | found.extra.keys(), key=lambda kind: (-n_wrong(kind), kind)
    )
    rows: list[tuple[object, ...]] = [
        (
            kind,
            f"{found.gold[kind]:,}",
            len(found.missed.get(kind, ())),
            len(found.extra.get(kind, ())),
            share(n_wrong(kind), n_errors),
        )
        for kind in kinds
    ]
    n_missed = sum(map(len, found.missed.values()))
    rows.append(("all", f"{found.gold.total():,}", n_missed, n_errors - n_missed, share(n_errors, n_errors)))
    print_table(title, ("", "gold", "missed", "extra", "share of errors"), rows)
    print()
    for name, places in (("missed", found.missed), ("extra", found.extra)):
        for kind in kinds:
            print_examples(f"{name} {kind}", map(text.example, places.get(kind, ())), examples)


def print_examples(title: str, found: Iterable[str], examples: int) -> None:
    if shown := [f"`{example}`" for example in islice(found, examples)]:
        print(f"- {title}: {' '.join(shown)}")


def share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""


def report_segmentation(
    gold: Segmentation, system: Segmentation, text: Text, seen: Collection[tuple[str, Words]], examples: int
) -> None:
    def inside(ends: Iterable[int]) -> Iterator[int]:
        return (place for place in ends if place < len(text.characters))

    tokens = inside(gold.token_ends.tolist()), inside(system.token_ends.tolist())
    print_ends("Tokens", Differences.of(*tokens, lambda place: token_kind(text, place)), text, examples)

    n_right, causes = compare_multiwords(gold, system, seen)
    n_wrong = sum(map(len, causes.values()))
    if n_right + n_wrong:
        rows = [
            (cause, len(cases), sum(known for _, known in cases) if seen else "", share(len(cases), n_wrong))
            for cause, cases in sorted(causes.items(), key=lambda item: -len(item[1]))
        ]
        rows.append(("right", n_right, "", ""))
        print_table("Multiword tokens", ("", "tokens", "seen", "share of errors"), rows)
        print()
        for cause, cases in causes.items():
            print_examples(cause, (example for example, _ in cases), examples)

    for title, kind, n_examples in (
        ("Sentences, by what stands before the end", kind_before, examples),
        ("Sentences, by what follows", kind_after, 0),
        ("Sentences, by the space between", kind_of_gap, 0),
    ):
        ends = inside(gold.sentence_ends.tolist()), inside(system.sentence_ends.tolist())
        print_ends(title, Differences.of(*ends, lambda place, kind=kind: kind(text, place)), text, n_examples)


def report_scores(scores: dict[str, Scores], raw_scores: bool) -> None:
    names = ("Tokens", "Words", "Sentences", "UPOS", "UAS", "LAS")
    best = scores["gold segmentation"]["LAS"].f1
    rows = [
        (variant, *(f"{100 * found[name].f1:.2f}" for name in names), f"{100 * (best - found['LAS'].f1):.2f}")
        for variant, found in scores.items()
    ]
    print_table("Scores (F1), and what it costs of LAS", ("", *names, "cost"), rows)
    if raw_scores:
        print(f"\n```\n{scores['all predicted']}\n```")


def main() -> None:
    parser = argparse.ArgumentParser(description="What segmentation loses, by cause, and how much of LAS it costs.")
    parser.add_argument("model", metavar="MODEL", help="what depparse.load takes")
    parser.add_argument("gold", metavar="GOLD", type=Path, help="a CoNLL-U file")
    parser.add_argument("--train", type=Path, help="training data of the segmenter, by default beside GOLD")
    parser.add_argument("--wrap", type=int, metavar="WIDTH", help="characters of a line of the raw text")
    parser.add_argument("--examples", type=int, default=0, metavar="N", help="so many of each kind")
    parser.add_argument("--raw-scores", action="store_true", help="all scores from raw text")
    options = parser.parse_args()
    pipeline = depparse.load(options.model)
    gold = segment(read_strictly(options.gold), options.gold.name)
    train = options.train or find_splits(options.gold.parent).get("train")
    raw = "".join(iter_text(gold.document))
    text = Text("".join(wrapped([raw], options.wrap)) if options.wrap else raw)
    system = segment(Document(pipeline.segment([text.raw])), "what the segmenter finds")
    check_same_text(gold, system)
    print(f"{options.gold.name}: {len(text.raw):,} characters, {len(gold.token_ends):,} tokens, {len(gold):,} words")
    report_segmentation(gold, system, text, read_seen(train) if train else (), options.examples)
    if {"HEAD", "DEPREL"} <= set(pipeline.writes):
        report_scores(counterfactuals(pipeline, gold, system), options.raw_scores)


if __name__ == "__main__":
    main()
