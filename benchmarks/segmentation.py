"""The errors of segmentation, by cause, and how much LAS they cost.

    python benchmarks/segmentation.py MODEL GOLD.conllu [--train FILE] [--wrap 80] [--examples N] [--raw-scores]

MODEL (anything that `depparse.load` takes) reads the raw text of GOLD. Its segmentation is compared with GOLD as by the
official scorer, by the characters without white space. Tables are Markdown:

- tokens: ends that were missed, and ends that are not in GOLD (extra), by the characters around them;
- multiword tokens: what became of them. *Seen* are those that are in the training data with the same words; this is
  `--train`, by default the train file beside GOLD;
- sentences: ends missed and extra, by what stands before, by what comes after, and by the space between;
- LAS, if the model parses: with gold segmentation, and with parts of it replaced by the predicted one. A sentence end
  that falls into a token of the other segmentation is moved behind that token.

With `--wrap`, the raw text has lines of at most so many characters, as in the UD releases. `--examples` shows so many
of each kind, with ‖ at the end. `--raw-scores` shows all scores from raw text.
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
# Repetitions are bounded, as some texts have no spaces.
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[!-~]+"
    r"|[\w.+%-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+"
    r"|[\w-]{1,64}(?:\.[\w-]{1,64}){0,8}?\.(?:com|org|net|edu|gov|html?)\b[!-~]*",
    re.IGNORECASE | re.ASCII,
)
_NUMBER = re.compile(r"\d+(?:[.,:/’'\u2212\-]\d+)+|\d+")
_SEEN_AROUND = 24  # characters that examples show on either side of an end

Words = tuple[str, ...]


class Text:
    """The raw text by its characters without white space, which are numbered from 0 as by the scorer."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.places = [place for place, char in enumerate(raw) if not (char.isspace() or SPACES.match(char))]
        self.characters = "".join(raw[place] for place in self.places)
        self._inside = {
            name: _starts_inside(pattern, raw) for name, pattern in (("address", _ADDRESS), ("number", _NUMBER))
        }

    def before(self, place: int) -> str:
        """The character before that of number `place`."""
        return self.characters[place - 1]

    def after(self, place: int) -> str:
        """The character of number `place`, which comes after an end there."""
        return self.characters[place]

    def gap(self, place: int) -> str:
        """The white space before the character."""
        return self.raw[self.places[place - 1] + 1 : self.places[place]]

    def is_inside(self, name: str, place: int) -> bool:
        """Whether the character continues an address or a number."""
        return self.places[place] in self._inside[name]

    def example(self, place: int) -> str:
        """The text around an end."""
        end, following = self.places[place - 1] + 1, self.places[place]
        before, after = self.raw[max(0, end - _SEEN_AROUND) : end], self.raw[end : following + _SEEN_AROUND]
        return re.sub(r"\s+", " ", f"{before}‖{after}").replace("`", "'")


def _starts_inside(pattern: re.Pattern[str], raw: str) -> set[int]:
    return {place for match in pattern.finditer(raw) for place in range(match.start() + 1, match.end())}


# -- kinds


def token_kind(text: Text, place: int) -> str:
    """The kind of an end of a token before the character at `place`."""
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
    """The kind of the last character of a sentence that ends before the character at `place`."""
    last = place - 1
    while last and text.characters[last] in _CLOSING:
        last -= 1
    if text.characters[last] in _FINAL:
        return "after final punctuation"
    return {"P": "after other punctuation", "L": "after a letter", "M": "after a letter", "N": "after a digit"}.get(
        unicodedata.category(text.before(place))[0], "after a symbol"
    )


def kind_after(text: Text, place: int) -> str:
    """The kind of the first character after the end of a sentence."""
    category = unicodedata.category(text.after(place))
    named = {"Lu": "before upper case", "Lt": "before upper case", "Ll": "before lower case"}
    by_class = {"L": "before a letter without case", "N": "before a digit", "P": "before punctuation"}
    return named.get(category) or by_class.get(category[0], "before a symbol")


def kind_of_gap(text: Text, place: int) -> str:
    """The kind of the space between a sentence and the next."""
    gap = text.gap(place)
    if gap.count("\n") > 1:
        return "at a paragraph break"
    return "at a line end" if "\n" in gap else "at a space" if gap else "without a space"


# -- differences


@dataclass(slots=True)
class Differences:
    """Ends by kind: how many the gold data has, and the places of those that are missed and extra."""

    gold: Counter[str] = field(default_factory=Counter)
    missed: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    extra: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, gold: Iterable[int], system: Iterable[int], kind: Callable[[int], str]) -> Differences:
        """The differences between two sets of ends, which lack the end of the whole text."""
        a, b = set(gold), set(system)
        differences = cls(Counter(map(kind, a)))
        for places, kinds in ((a - b, differences.missed), (b - a, differences.extra)):
            for place in sorted(places):
                kinds[kind(place)].append(place)
        return differences


def tokens_of(side: Segmentation) -> dict[tuple[int, int], tuple[str, Words]]:
    """The form and the words of each token by its range of characters; a token that is a single word has no words."""
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
    """How many multiword tokens are right; and for each cause of an error, examples and whether their gold was seen.

    An example shows a token with its gold words and the predicted ones. Words are compared in lower case, as by the
    scorer.
    """
    n_right = 0
    causes: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    a, b = tokens_of(gold), tokens_of(system)
    for place, (form, words) in a.items():
        predicted = b[place][1] if place in b else None
        if predicted is None:
            cause = "its token was not found"
        elif not predicted:
            cause = "left whole"
        elif [word.lower() for word in words] != [word.lower() for word in predicted]:
            cause = "other words"
        else:
            cause = ""
        if words and not cause:
            n_right += 1
        elif words:
            causes[cause].append((f"{form}: {' '.join(words)}{_instead(predicted)}", (form, words) in seen))
        elif predicted:
            causes["made of a single word"].append((f"{form}{_instead(predicted)}", (form, ()) in seen))
    for place, (form, predicted) in b.items():
        if predicted and place not in a:
            causes["made of what is no token"].append((f"{form}{_instead(predicted)}", False))
    return n_right, causes


def _instead(predicted: Words | None) -> str:
    """The end of an example, with the predicted words if there are any."""
    return f" → {' '.join(predicted)}" if predicted else ""


def read_seen(path: Path) -> set[tuple[str, Words]]:
    """The form and the words of each token of a CoNLL-U file; a token that is a single word has no words."""
    return {
        (token.text, tuple(word.text for word in token.words) if token.multiword is not None else ())
        for sentence in iter_conllu(path)
        for token in sentence.tokens
    }


# -- LAS with parts of the segmentation replaced


def resegmented(side: Segmentation, ends: Iterable[int], other: Segmentation | None = None) -> Iterator[Sentence]:
    """The tokens of `side` with sentence ends after these numbers of characters, or after the token they fall into.

    With `other`, tokens that are in both have the words that they have in `other`.
    """
    other_tokens = {} if other is None else tokens_of(other)
    stops = iter(sorted(ends))
    stop = next(stops, None)
    forms: list[str] = []
    multiwords: list[MultiwordToken] = []
    for place, (form, words) in tokens_of(side).items():
        if place in other_tokens:
            words = other_tokens[place][1]
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
    """Prints a table in Markdown, with a title above it."""
    columns = list(columns)
    print(f"\n{title}\n")
    for cells in (columns, ["---", *["--:"] * (len(columns) - 1)], *rows):
        print(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |")


def print_ends(title: str, differences: Differences, text: Text, examples: int) -> None:
    """Prints a table of missed and extra ends by kind, and so many examples of each kind."""
    n_errors = sum(map(len, [*differences.missed.values(), *differences.extra.values()]))

    def n_wrong(kind: str) -> int:
        return len(differences.missed.get(kind, ())) + len(differences.extra.get(kind, ()))

    kinds = sorted(
        differences.gold.keys() | differences.missed.keys() | differences.extra.keys(),
        key=lambda kind: (-n_wrong(kind), kind),
    )
    rows: list[tuple[object, ...]] = [
        (
            kind,
            f"{differences.gold[kind]:,}",
            len(differences.missed.get(kind, ())),
            len(differences.extra.get(kind, ())),
            share(n_wrong(kind), n_errors),
        )
        for kind in kinds
    ]
    n_missed = sum(map(len, differences.missed.values()))
    rows.append(("all", f"{differences.gold.total():,}", n_missed, n_errors - n_missed, share(n_errors, n_errors)))
    print_table(title, ("", "gold", "missed", "extra", "share of errors"), rows)
    print()
    for name, places in (("missed", differences.missed), ("extra", differences.extra)):
        for kind in kinds:
            print_examples(f"{name} {kind}", map(text.example, places.get(kind, ())), examples)


def print_examples(title: str, examples: Iterable[str], n_examples: int) -> None:
    """Prints the first examples in a line of a list, or nothing if there are none."""
    if shown := [f"`{example}`" for example in islice(examples, n_examples)]:
        print(f"- {title}: {' '.join(shown)}")


def share(part: int, whole: int) -> str:
    """The share of a part in percent; empty if there is no whole."""
    return f"{part / whole:.1%}" if whole else ""


def report_segmentation(
    gold: Segmentation, system: Segmentation, text: Text, seen: Collection[tuple[str, Words]], examples: int
) -> None:
    """Prints the tables of tokens, multiword tokens and sentences, with so many examples of each kind."""

    def inside(ends: Iterable[int]) -> Iterator[int]:
        return (place for place in ends if place < len(text.characters))

    tokens = inside(gold.token_ends.tolist()), inside(system.token_ends.tolist())
    print_ends("Tokens", Differences.of(*tokens, lambda place: token_kind(text, place)), text, examples)

    n_right, causes = compare_multiwords(gold, system, seen)
    n_wrong = sum(map(len, causes.values()))
    if n_right + n_wrong:
        rows = [
            (cause, len(cases), sum(was_seen for _, was_seen in cases) if seen else "", share(len(cases), n_wrong))
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
    """Prints the table of `counterfactuals`; with `raw_scores`, also all scores of predicted segmentation."""
    names = ("Tokens", "Words", "Sentences", "UPOS", "UAS", "LAS")
    best = scores["gold segmentation"]["LAS"].f1
    rows = [
        (variant, *(f"{100 * by_name[name].f1:.2f}" for name in names), f"{100 * (best - by_name['LAS'].f1):.2f}")
        for variant, by_name in scores.items()
    ]
    print_table("Scores (F1), and what it costs of LAS", ("", *names, "cost"), rows)
    if raw_scores:
        print(f"\n```\n{scores['all predicted']}\n```")


def main() -> None:
    """Compares by the command line, and prints the tables."""
    parser = argparse.ArgumentParser(description="The errors of segmentation, by cause, and how much LAS they cost.")
    parser.add_argument("model", metavar="MODEL", help="anything that depparse.load takes")
    parser.add_argument("gold", metavar="GOLD", type=Path, help="a CoNLL-U file")
    parser.add_argument("--train", type=Path, help="training data of the segmenter, by default beside GOLD")
    parser.add_argument(
        "--wrap", type=int, metavar="WIDTH", help="greatest length of a line of the raw text, in characters"
    )
    parser.add_argument("--examples", type=int, default=0, metavar="N", help="show N examples of each kind")
    parser.add_argument("--raw-scores", action="store_true", help="show all scores from raw text")
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
