"""Lemmas: each word is given the edit script that makes its lemma from its form (Straka 2018)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from depparse.document.sentence import Sentence
from depparse.document.typos import find_beginnings, find_typos
from depparse.features.batch import Batch, Ints, pad
from depparse.features.choices import Floats, Lesson, blend, choose, softmax, split, translate
from depparse.features.edit_scripts import absolute_script, check_script, fit_script, is_absolute, make_script
from depparse.features.usage import Usage
from depparse.features.vocabulary import IGNORE, Vocabulary
from depparse.tasks.task import Codec, CodecType, Opinion, Stage, TaskConfig
from depparse.text.variants import restore_apostrophes, unify_apostrophes


class Candidates(NamedTuple):
    """The best scripts of a word, best first: their numbers, and the logarithms of their probabilities."""

    numbers: Sequence[int]
    logs: Sequence[float]


SCRIPTS = "scripts"  # names the lessons
_REPEATED = 2  # times that a typo has to occur before its lemma is learned, for that form alone
_REMEMBERED = 1 << 15  # forms with a script of which it is remembered what the script makes of them
_TRIED = 8  # scripts of a word that are tried until one fits
_SURE = -0.2  # logarithm of the probability of a script that may make a lemma that is not known
_MARGIN = 3.0  # a lemma that is known is preferred if its script is at least exp(-margin) as probable as the best


class LemmatizerConfig(TaskConfig):
    """The settings of the task: lemmas of words."""

    type: Literal["lemmatizer"] = "lemmatizer"
    width: int = Field(200, ge=1)  # units of the hidden layer
    dropout: float = Field(0.33, ge=0, lt=1)
    smoothing: float = Field(0.03, ge=0, lt=1)  # share of probability that the loss gives to all scripts alike
    min_count: int = Field(1, ge=1)  # rarer scripts are not learned


class LemmatizerCodec:
    """The edit scripts of words, as numbers, and what the training data says of the lemmas that they may make.

    `forms` has, for each absolute script, the lower-case forms that it was seen with; it fits no others. `lemmas` are
    those of the training data. `forms` is None for a folder of format 2, which knows of neither. One form of an
    apostrophe counts as any other; `keeps_apostrophes` says whether a lemma has the one of its form. `usage` has the
    scripts that each treebank uses, if there are several treebanks; in the style of one without lemmas, there are none.
    """

    Config = LemmatizerConfig
    reads = ()
    writes = ("LEMMA",)

    def __init__(
        self,
        config: LemmatizerConfig,
        scripts: Vocabulary,
        forms: Mapping[str, Sequence[str]] | None,
        lemmas: Sequence[str],
        keeps_apostrophes: bool,
        usage: Usage | None = None,
    ) -> None:
        self.config, self.scripts, self.keeps_apostrophes, self.usage = config, scripts, keeps_apostrophes, usage
        self.forms = None if forms is None else {script: frozenset(several) for script, several in forms.items()}
        self.lemmas = frozenset(lemmas)
        self._made: dict[tuple[int, str], tuple[str | None, bool]] = {}  # see `_make`

    @classmethod
    def build(cls, config: LemmatizerConfig, sentences: Sequence[Sentence]) -> LemmatizerCodec | None:
        """The codec of the scripts of `sentences`."""
        counts: Counter[str] = Counter()
        typos: Counter[tuple[str, str]] = Counter()
        forms: dict[str, set[str]] = {}
        lemmas: set[str] = set()
        kept = 0  # lemmas with an apostrophe as in their forms, and not the common one, minus those with the common one
        for sentence in sentences:
            for _, form, lemma, is_typo in _annotated(sentence):
                unified, unified_lemma = unify_apostrophes(form), unify_apostrophes(lemma)
                if is_typo:
                    typos[unified.lower(), unified_lemma] += 1
                    continue
                script = make_script(unified, unified_lemma)
                counts[script] += 1
                lemmas.add(unified_lemma)
                if is_absolute(script):
                    forms.setdefault(script, set()).add(unified.lower())
                if form != unified:
                    kept += (lemma != unified_lemma) - ("'" in lemma)
        for (form, lemma), count in typos.items():
            script = absolute_script(lemma)
            if make_script(form, lemma) not in counts and count >= _REPEATED:
                counts[script] += count
                forms.setdefault(script, set()).add(form)
        scripts = sorted((s for s, n in counts.items() if n >= config.min_count), key=lambda s: (-counts[s], s))
        if not scripts:
            return None
        known = {script: sorted(forms[script]) for script in scripts if script in forms}
        return cls(config, Vocabulary(scripts), known, sorted(lemmas), kept > 0)

    @property
    def usages(self) -> list[Usage]:
        """Which scripts each treebank uses."""
        return [] if self.usage is None else [self.usage]

    def learn_usage(self, sentences: Sequence[Sentence], sources: Sequence[int], n_treebanks: int) -> None:
        """Learns which scripts each treebank uses."""
        self.usage = Usage.count(map(self.targets, sentences), sources, n_treebanks, len(self.scripts), self.usage)

    def targets(self, sentence: Sentence) -> list[int]:
        """The number of the script of each word."""
        targets = [IGNORE] * len(sentence)
        for word, form, lemma, _ in _annotated(sentence):
            unified, unified_lemma = unify_apostrophes(form), unify_apostrophes(lemma)
            options = make_script(unified, unified_lemma), absolute_script(unified_lemma)
            usable = (script for script in options if script in self.scripts and self._may_use(script, unified))
            targets[word] = next(map(self.scripts.number, usable), IGNORE)
        return targets

    def _may_use(self, script: str, form: str) -> bool:
        """Whether the script, if it is absolute, was seen with the form."""
        return self.forms is None or not is_absolute(script) or form.lower() in self.forms.get(script, ())

    def collate(self, rows: Sequence[list[int]]) -> Ints:
        """The numbers of the scripts ``[batch, words]``."""
        return pad(rows)

    def decode(self, scores: NDArray[np.float32], batch: Batch, stage: Stage) -> list[list[Candidates] | None]:
        """The best scripts of each word of each sentence. ``scores[batch, words, scripts]``.

        None for a sentence whose treebank has no lemmas.
        """
        if self.usage is not None:
            scores = self.usage.restrict(scores, batch.sources)
        n_tried = min(_TRIED, scores.shape[-1])
        some = np.argpartition(-scores, n_tried - 1, axis=-1)[..., :n_tried]
        order = np.argsort(-np.take_along_axis(scores, some, -1), axis=-1, kind="stable")
        tried = np.take_along_axis(some, order, -1)
        their_scores = np.take_along_axis(scores, tried, -1)
        greatest = their_scores[..., :1]
        logs = their_scores - greatest - np.log(np.exp(scores - greatest).sum(-1, keepdims=True))
        return [
            [Candidates(*word) for word in zip(tried[row, words].tolist(), logs[row, words].tolist(), strict=True)]
            if self.usage is None or self.usage.annotates(example.source)
            else None
            for row, (example, words) in enumerate((each, slice(1, each.length + 1)) for each in batch.examples)
        ]

    def annotate(self, sentence: Sentence, prediction: list[Candidates] | None) -> None:
        """Writes what the scripts make of the forms."""
        forms = sentence.columns["FORM"]
        if prediction is None:
            sentence.columns["LEMMA"] = ["_"] * len(forms)
            return
        sentence.columns["LEMMA"] = [
            self.lemma(form, candidates) for form, candidates in zip(forms, prediction, strict=True)
        ]

    def lemma(self, form: str, candidates: Candidates) -> str:
        """The lemma that the best script makes of the form, among those that fit; the form if there is none.

        A lemma of the training data is preferred to one that would be new, if its script is not much less probable. A
        new one is made only by a script that is quite sure, else the form stays. Outer spaces are dropped.
        """
        unified = unify_apostrophes(form)
        lemma = self._best(unified, candidates)
        return restore_apostrophes(lemma, form) if self.keeps_apostrophes else lemma

    def _best(self, form: str, candidates: Candidates) -> str:
        """`lemma`, for a form with the common apostrophe."""
        if self.forms is None:  # nothing else is known than the scripts
            return self._make(candidates.numbers[0], form)[0] or form
        best = form
        least = -np.inf
        for number, log in zip(*candidates, strict=True):
            if log == -np.inf:  # the treebank does not use the script
                break
            lemma, is_known = self._make(number, form) if log >= least else (None, False)
            if lemma is None:
                continue
            if is_known:
                return lemma
            if least == -np.inf:
                least = log - _MARGIN
                best = lemma if log >= _SURE or lemma.lower() == form.lower() else form
        return best

    def _make(self, number: int, form: str) -> tuple[str | None, bool]:
        """What the script of that number makes of the form, as `_fit`, and whether this is a lemma that is known.

        Texts repeat their words, so the last ones are remembered.
        """
        made = self._made.get((number, form))
        if made is None:
            lemma = self._fit(self.scripts.item(number), form)
            if len(self._made) >= _REMEMBERED:
                self._made.clear()
            made = self._made[number, form] = lemma, lemma in self.lemmas
        return made

    def _fit(self, script: str, form: str) -> str | None:
        """What the script makes of the form, with single spaces; None if it does not fit."""
        lemma = fit_script(script, form) if self._may_use(script, form) else None
        if lemma is None:
            return None
        lemma = lemma.strip()
        return (re.sub("  +", " ", lemma) if "  " in lemma else lemma) or None

    def soften(self, opinions: Sequence[Opinion], targets: Ints, lengths: Ints, trust: Floats) -> list[Lesson]:
        """The probabilities of the scripts."""
        known = [translate(softmax(scores), theirs.scripts, self.scripts) for theirs, scores, _ in opinions]
        return split(choose(blend(known, targets, trust), SCRIPTS), lengths)

    def to_json(self) -> Any:
        """All of the codec, for `from_json`."""
        if self.forms is None:
            return self.scripts.to_json()
        return {
            "scripts": self.scripts.to_json(),
            "forms": {script: sorted(several) for script, several in sorted(self.forms.items())},
            "lemmas": sorted(self.lemmas),
            "keeps_apostrophes": self.keeps_apostrophes,
            **({} if self.usage is None else {"usage": self.usage.to_json()}),
        }

    @classmethod
    def from_json(cls, config: LemmatizerConfig, data: Any) -> LemmatizerCodec:
        """The codec from the data of `to_json`, or of a folder of format 2, which has only the scripts."""
        for script in data if isinstance(data, list) else data["scripts"]:
            check_script(script)
        if isinstance(data, list):
            return cls(config, Vocabulary(data), None, (), True)
        scripts = Vocabulary(data["scripts"])
        usage = Usage.from_json(data["usage"], len(scripts)) if "usage" in data else None
        return cls(config, scripts, data["forms"], data["lemmas"], data["keeps_apostrophes"], usage)


def _annotated(sentence: Sentence) -> Iterator[tuple[int, str, str, bool]]:
    """The index from 0, the form, the lemma of each word that has one, and whether the word is a typo.

    An underscore means "not annotated", except for an underscore. The lemma of a word that is written as several
    belongs to all of them, and so is not that of the first.
    """
    lemmas = sentence.columns.get("LEMMA")
    if lemmas is None:
        return
    typos, beginnings = find_typos(sentence), find_beginnings(sentence)
    for word, (form, lemma) in enumerate(zip(sentence.columns["FORM"], lemmas, strict=True)):
        if (lemma != "_" or form == "_") and word + 1 not in beginnings:
            yield word, form, lemma, word + 1 in typos


CODEC: CodecType[LemmatizerConfig] = LemmatizerCodec
if TYPE_CHECKING:
    _codec: type[Codec[list[int], Ints, NDArray[np.float32], list[Candidates] | None]] = LemmatizerCodec
