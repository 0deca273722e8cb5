"""English texts that segmenters and lemmatizers often get wrong: how many of each kind a model gets right.

    python benchmarks/awkward.py MODEL [--gold GOLD.conllu] [--seed 1] [--count 1500]

MODEL is anything that `depparse.load` takes; without it, the rules segment. The texts are made with the seed: numbers
with thousands separators, decimals and dates, web and mail addresses, contractions with each form of an apostrophe,
plurals (which have no apostrophe to lose), abbreviations, emoji, zero-width spaces. The table is Markdown.

With `--gold`, a treebank file beside its train file, invented lemmas are counted: from gold words, those that are not
the gold lemma, nor a form or a lemma of the train file, nor the form itself.
"""

from __future__ import annotations

import argparse
import random
import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import depparse
from depparse.document.sentence import Sentence
from depparse.evaluation.systems import bare_copies
from depparse.formats.conllu import iter_conllu, read_conllu
from depparse.inference.pipeline import Pipeline
from depparse.treebanks.treebank import find_splits

APOSTROPHES = "'’`‘´＇ʼ"
_NUMBER_CARRIERS = (
    "The town has {} people.",
    "We saw {} there.",
    "The value {} was found.",
    "It costs ${}.",
    "They sold {} books last year.",
)
_ADDRESS_CARRIERS = ("See {} for more.", "Write to {}.", "Our address is {}, as before.", "It was on {} last week.")
_CONTRACTION_CARRIERS = ("{} seen it.", "I think {} seen it.", "And {} seen it already.")
_NEGATION_CARRIERS = ("We {} go.", "I think they {} go.", "And you {} go already.")
_PRONOUNS = ("I", "you", "he", "she", "it", "we", "they", "that", "who")
_ENDINGS = {"I": ("'m", "'ve", "'ll", "'d"), "you": ("'re", "'ve", "'ll", "'d"), "we": ("'re", "'ve", "'ll", "'d")}
_NEGATED = (
    "don't", "won't", "can't", "couldn't", "didn't", "wouldn't", "shouldn't", "mustn't", "haven't", "hadn't"
)  # fmt: skip
_PLURALS = (
    "plumbers", "grandmas", "doctors", "mares", "bakers", "sailors", "gardeners", "travelers", "smokers", "wits",
    "bachelors", "singers", "painters", "lawyers", "neighbors", "students", "drivers", "workers", "horses", "cousins"
)  # fmt: skip
_PLURAL_CARRIERS = ("The {} came early.", "Both {} laughed.", "My sister met two {} there.")
_ABBREVIATED = (
    "Mr. Hale met Mrs. Wu and Dr. Lind on Monday.", "The book by J. R. Hale is out.", "It is No. 5 on the list.",
    "Jan. 5 is a holiday.", "Acme Inc. said it will buy Bolt Ltd. next year.",
    "Gen. Park and Sen. Ruiz spoke with Prof. Adler.", "Lt. Brand and Sgt. Moss left.", "We met Ms. Ortiz at noon.",
    "St. Mary is a small town.", "He lives on Oak Ave. near the park.", "The office is on Main St. in the center.",
    "They moved to Mt. Airy last year.", "Rev. Lane will speak.", "Gov. Hart signed it.", "Capt. Reyes was first.",
    "The Dec. 12 meeting is off.", "She was born on Sept. 3 in Bern.", "Fig. 3 shows the result.",
    "See Vol. 2 of the series.", "It was built by Holt Bros. in 1911.", "Col. Webb and Maj. Stone agreed.",
    "Dr. Amy L. Stone is here.", "A letter to W. H. Brooks was found.", "Pres. Adams spoke.",
    "The car did 30 m.p.g. on that road.", "He works for Nord Corp. as a clerk.", "Arch St. Peter is old.",
    "The Rt. Hon. Lord Bell came.", "Bring pens, paper, etc. to the class.", "It opens at 9 a.m. on Sunday.",
)  # fmt: skip
_MARKS = (
    ("Great job🎉 for you", ["job", "🎉"]),
    ("So old🍕🍔LOL", ["old", "LOL"]),
    ("No way😵.", ["way", "😵", "."]),
    ("\u200bStart now\u200b.", ["Start", "now", "."]),
    ("One\u200b two.\u200b", ["One", "two", "."]),
)  # text, and words that it has to have


def numbers(rng: random.Random, count: int) -> Iterator[tuple[str, str]]:
    """Sentences with a number that has thousands separators, and that number."""
    for _ in range(count):
        number = f"{rng.randrange(1000, 10 ** rng.randrange(4, 10)):,}"
        yield rng.choice(_NUMBER_CARRIERS).format(number), number


def decimals(rng: random.Random, count: int) -> Iterator[tuple[str, str]]:
    """Sentences with a decimal number, a date or a time, and that."""
    for number in range(count):
        kinds = (
            f"{rng.randrange(1000)}.{rng.randrange(10, 1000)}",
            f"{rng.randrange(1, 13)}/{rng.randrange(1, 29)}/{rng.randrange(1950, 2030)}",
            f"{rng.randrange(1, 13)}:{rng.randrange(10, 60)}",
        )
        yield rng.choice(_NUMBER_CARRIERS[1:3]).format(kinds[number % 3]), kinds[number % 3]


def addresses(rng: random.Random, count: int) -> Iterator[tuple[str, str]]:
    """Sentences with a web or mail address, and the address."""

    def name(letters: str = string.ascii_lowercase) -> str:
        return "".join(rng.choices(letters, k=rng.randrange(4, 9)))

    def path() -> str:
        extra = rng.choice(("", "_" + name(), "-" + name(), name(string.digits), name(string.ascii_letters)))
        return "/".join([name() for _ in range(rng.randrange(1, 4))]) + extra

    for number in range(count):
        host = f"{rng.choice(('', name() + '.'))}{name()}.{rng.choice(('example', 'org', 'ac.uk', 'io'))}"
        kinds = (
            f"https://{host}/{path()}", f"http://www.{host}/{path()}?{name()}={name(string.digits)}", f"www.{host}",
            f"{name()}@{host}", f"{name()}.{name()}@{host}", f"{name()}_{name()}@{host}",
        )  # fmt: skip
        yield rng.choice(_ADDRESS_CARRIERS).format(kinds[number % len(kinds)]), kinds[number % len(kinds)]


def contractions(apostrophe: str) -> Iterator[tuple[str, str, str]]:
    """Sentences with a contraction, the contraction, and its second word, with that apostrophe."""
    for pronoun in _PRONOUNS:
        for ending in _ENDINGS.get(pronoun, ("'s", "'ll", "'d")):
            for carrier in _CONTRACTION_CARRIERS:
                texts = carrier.format(pronoun + ending), pronoun + ending, ending
                yield tuple(text.replace("'", apostrophe) for text in texts)  # type: ignore[misc]
    for negated in _NEGATED:
        for carrier in _NEGATION_CARRIERS:
            yield tuple(text.replace("'", apostrophe) for text in (carrier.format(negated), negated, "n't"))  # type: ignore[misc]


def others(nlp: Pipeline) -> list[str]:
    """The tasks of the pipeline that are not looked at here."""
    return [name for name in nlp.parts if name not in ("segmenter", "tagger", "lemmatizer")]


def count_whole(segment: Callable[[Sequence[str]], list[list[Sentence]]], pairs: Iterable[tuple[str, str]]) -> str:
    """How many of the texts have the given string as one token."""
    texts = list(pairs)
    analysed = segment([text for text, _ in texts])
    whole = sum(
        any(token.text == wanted for sentence in sentences for token in sentence.tokens)
        for sentences, (_, wanted) in zip(analysed, texts, strict=True)
    )
    return f"{whole} of {len(texts)}"


def measure(nlp: Pipeline, seed: int, count: int) -> Iterator[tuple[str, str]]:
    """What is counted, and the count."""
    rng = random.Random(seed)

    def segment(texts: Sequence[str]) -> list[list[Sentence]]:
        return [document.sentences for document in nlp.pipe(texts, without=others(nlp))]

    yield "numbers with separators that are one token", count_whole(segment, numbers(rng, count))
    yield "decimals, dates and times that are one token", count_whole(segment, decimals(rng, count))
    yield "addresses that are one token", count_whole(segment, addresses(rng, max(6, count // 5)))
    if "LEMMA" in nlp.writes:
        texts = list(numbers(rng, count))
        wrong = total = 0
        for sentences, (_, number) in zip(segment([text for text, _ in texts]), texts, strict=True):
            for word in (word for sentence in sentences for word in sentence.words if word.text == number):
                total += 1
                wrong += word.lemma not in (number, number.replace(",", ""))
        yield "lemmas of such numbers that are another number", f"{wrong} of {total}"
    usual: list[tuple[str | None, ...]] = []
    for apostrophe in APOSTROPHES if nlp.segmenter is not None else "":
        cases = list(contractions(apostrophe))
        split = 0
        lemmas = []
        for sentences, (_, token, second) in zip(segment([text for text, _, _ in cases]), cases, strict=True):
            words = [word for sentence in sentences for word in sentence.words]
            split += any(
                found.text == token and [word.text for word in found.words][1:] == [second]
                for sentence in sentences
                for found in sentence.tokens
            )
            lemmas.append(tuple(word.lemma for word in words))
        usual = usual or lemmas
        alike = sum(own == other for own, other in zip(lemmas, usual, strict=True))
        counts = f"{split} of {len(cases)}, {alike} with the same lemmas as {APOSTROPHES[0]}"
        yield f"contractions with {apostrophe} that are two words", counts
    plurals = [carrier.format(noun) for carrier in _PLURAL_CARRIERS for noun in _PLURALS]
    cut = sum(any(sentence.mwts for sentence in sentences) for sentences in segment(plurals))
    yield "sentences with a plural in which a token is split in words", f"{cut} of {len(plurals)}"
    ended = sum(len(sentences) > 1 for sentences in segment(_ABBREVIATED))
    yield "sentences cut after an abbreviation", f"{ended} of {len(_ABBREVIATED)}"
    right = sum(
        set(wanted) <= {token.text for sentence in sentences for token in sentence.tokens}
        for sentences, (_, wanted) in zip(segment([text for text, _ in _MARKS]), _MARKS, strict=True)
    )
    yield "texts with emoji and zero-width spaces with all their tokens", f"{right} of {len(_MARKS)}"


def invented_lemmas(nlp: Pipeline, gold: Path, train: Path) -> list[tuple[str, str, str]]:
    """The form, the lemma and the gold lemma of words whose lemma is neither right, nor known, nor the form."""
    known = {text.lower() for s in iter_conllu(train) for word in s.words for text in (word.text, word.lemma or "")}
    sentences = read_conllu(gold)
    parsed = nlp.annotate_stream(bare_copies(sentences), without=others(nlp))
    return [
        (word.text, word.lemma or "", own.lemma or "")
        for system, sentence in zip(parsed, sentences, strict=True)
        for word, own in zip(system.words, sentence.words, strict=True)
        if word.lemma is not None and word.lemma != own.lemma
        if word.lemma.lower() != word.text.lower() and word.lemma.lower() not in known
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """The program."""
    parser = argparse.ArgumentParser(description="Counts what a model gets right of awkward texts.")
    parser.add_argument("model", nargs="?")
    parser.add_argument("--gold", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1500)
    options = parser.parse_args(arguments)
    nlp = depparse.load(options.model) if options.model else Pipeline(None)
    print(f"| {options.model or 'rules'}, seed {options.seed} | |\n|---|--:|")
    for what, counts in measure(nlp, options.seed, options.count):
        print(f"| {what.replace('|', '')} | {counts} |", flush=True)
    if options.model and options.gold is not None:
        invented = invented_lemmas(nlp, options.gold, find_splits(options.gold.parent)["train"])
        print(f"| invented lemmas of {options.gold.name} | {len(invented)} |")
        print("\n" + "\n".join(map(" ".join, invented)))


if __name__ == "__main__":
    main()
