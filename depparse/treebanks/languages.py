"""The languages of a model's treebanks: in the style of which treebank a text is analysed, and of which language it is.

A language that no treebank has is analysed in the style of the nearest one: of the same genus, else of the same family,
else of a script that has no spaces as its own, else of the same script, else the first. All that is read off the
catalogue of UD. Of several treebanks that are equally near, the first is taken.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from depparse.document.columns import LANGUAGE
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, closest
from depparse.treebanks.catalogue import Entry, entries

AUTO = "auto"  # in place of a language: that of each paragraph is found
UNKNOWN = "und"  # the code of no language in particular (ISO 639-2)
# The least probability with which a paragraph is taken to be of another language than the text around it, and the
# least number of its letters.
_SURE, _LETTERS = 0.9, 20
_REMEMBERED = 1_000  # languages
_SENTENCES = 50  # of a paragraph whose language is found from its sentences
_UNSPACED = frozenset("Hani Jpan Thai Laoo Khmr Mymr Tibt".split())
_OTHER_CODES = {"nb": "no", "nn": "no", "ku": "kmr", "arz": "ar", "ary": "ar", "iw": "he", "in": "id", "fil": "tl"}


@dataclass(frozen=True, slots=True)
class Choice:
    """Whose style is wanted: that of a `treebank`, that of a `language` (by its code), or that of each paragraph's own
    language (`AUTO`). By default that of the first treebank."""

    treebank: str | None = None
    language: str | None = None

    @property
    def is_auto(self) -> bool:
        """Whether each paragraph has a language of its own."""
        return self.language == AUTO


class Languages:
    """The treebanks of a model, by their names, and the languages that these tell. Safe to use from several threads."""

    def __init__(self, treebanks: Sequence[str]) -> None:
        self.treebanks = tuple(treebanks)
        self._nearest: dict[str, int] = {}  # by code: the number of the nearest treebank of another language
        self._lock = threading.Lock()

    def __getstate__(self) -> Any:
        return self.treebanks

    def __setstate__(self, treebanks: Any) -> None:
        Languages.__init__(self, treebanks)

    @cached_property
    def entries(self) -> list[Entry | None]:
        """What the catalogue says of each treebank, or of another of its language."""
        return list(map(entry_of, self.treebanks))

    @cached_property
    def codes(self) -> dict[str, int]:
        """The codes of the languages, each with the number of its first treebank."""
        numbers: dict[str, int] = {}
        for number, entry in enumerate(self.entries):
            if entry is not None and entry.code:
                numbers.setdefault(entry.code, number)
        return numbers

    @property
    def are_several(self) -> bool:
        """Whether the treebanks are of several languages."""
        return len(self.treebanks) > 1 and len(self.codes) > 1

    def choose(self, treebank: str | None = None, language: str | None = None) -> Choice:
        """What a user wants who names a treebank, a language (by name or code), `AUTO`, or nothing.

        Nothing is `AUTO` for treebanks of several languages, else the first treebank. Raises ConfigError.
        """
        if treebank is not None and language is not None:
            raise ConfigError(f"give a treebank or a language, not both: {treebank!r}, {language!r}")
        if treebank is not None:
            if treebank not in self.treebanks:
                meant = "".join(f"did you mean {name}? " for name in closest(treebank, self.treebanks))
                names = ", ".join(filter(None, self.treebanks)) or "no names"
                raise ConfigError(f"the model learned no treebank {treebank!r}; {meant}it knows: {names}")
            return Choice(treebank)
        if language is None:
            return Choice(language=AUTO) if self.are_several else Choice()
        return Choice(language=AUTO if language.lower() == AUTO else code_of(language))

    def number(self, choice: Choice, language: str | None = None) -> int:
        """The number of the treebank that is chosen, for a text of that `language` if each has its own."""
        if choice.treebank is not None:
            if choice.treebank in self.treebanks:
                return self.treebanks.index(choice.treebank)
            entry = entry_of(choice.treebank)  # of the model's other part, such as its segmenter
            return self.of_language(entry.code, quiet=True) if entry is not None else 0
        code = language if choice.is_auto else choice.language
        return 0 if code is None else self.of_language(code)

    def of_language(self, code: str, *, quiet: bool = False) -> int:
        """The number of the treebank of the language, or of the nearest one, about which there is one warning."""
        if code in self.codes:
            return self.codes[code]
        with self._lock:
            if code in self._nearest:
                return self._nearest[code]
            number = self._find_nearest(code)
            if len(self._nearest) < _REMEMBERED:  # comments of sentences may hold anything
                self._nearest[code] = number
        if self.codes and not quiet and code != UNKNOWN:
            warnings.warn(
                f"no treebank of the model is in the language {_name(code)}: it is analysed in the style of "
                f"{self.treebanks[number]}",
                stacklevel=2,
            )
        return number

    def _find_nearest(self, code: str) -> int:
        wanted = next((entry for entry in entries() if entry.code == code), None)
        if wanted is None:
            return 0
        scripts = set(wanted.scripts.split(","))
        kinships = [0 if entry is None else _kinship(wanted, scripts, entry) for entry in self.entries]
        return max(range(len(kinships)), key=kinships.__getitem__, default=0)

    def identify(self, paragraphs: Sequence[str]) -> list[str]:
        """The code of the language of each paragraph of a text, `UNKNOWN` if it has no letters.

        A short or doubtful paragraph is taken to be in the language of the whole. If that is doubtful, too, or not in
        the catalogue, it is the most probable one of the treebanks. Only for treebanks of one language, nothing is to
        be found. Raises ConfigError if the library py3langid is not installed.
        """
        if not self.are_several:
            return [next(iter(self.codes), UNKNOWN)] * len(paragraphs)
        ranks = _rank("\n".join(paragraphs))
        whole, probability = ranks[0]
        if whole != UNKNOWN and (probability < _SURE or whole not in _entries_by_name()):
            whole = next((code for code, _ in ranks if code in self.codes), whole)
        found = []
        for paragraph in paragraphs if len(paragraphs) > 1 else ():
            code, probability = _rank(paragraph)[0]
            is_sure = probability >= _SURE and code in _entries_by_name()
            found.append(code if is_sure and sum(map(str.isalpha, paragraph)) >= _LETTERS else whole)
        return found or [whole] * len(paragraphs)

    def mark(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """The sentences, each with the code of its language in the comment `LANGUAGE`: copies of those without it.

        The language is that of the paragraph, of which at most `_SENTENCES` are read ahead.
        """
        waiting: list[Sentence] = []
        for sentence in sentences:
            starts = any(line[1:].split(None, 1)[:1] in (["newdoc"], ["newpar"]) for line in sentence.comments)
            if waiting and (starts or len(waiting) >= _SENTENCES):
                yield from self._marked(waiting)
                waiting = []
            waiting.append(sentence)
        yield from self._marked(waiting)

    def _marked(self, sentences: Sequence[Sentence]) -> Iterator[Sentence]:
        unmarked = [sentence for sentence in sentences if sentence.comment(LANGUAGE) is None]
        (code,) = self.identify([" ".join(sentence.text for sentence in unmarked)])
        for sentence in sentences:
            if sentence.comment(LANGUAGE) is None:
                sentence = sentence.copy()
                sentence.set_comment(LANGUAGE, code)
            yield sentence


def entry_of(treebank: str) -> Entry | None:
    """The entry of a treebank named ``UD_Thai-TUD``, or like its files, ``th_tud-ud-train``; None for other names.

    Of a treebank that is not in the catalogue, but named as those of UD, it is that of another of its language.
    """
    return _entries_by_name().get(treebank) or _entries_by_name().get(_beginning(treebank))


def _beginning(treebank: str) -> str:
    """The part of a name that tells the language."""
    if treebank.startswith("UD_"):
        return treebank.partition("-")[0]
    match = re.match(r"([a-z]{2,3})_[a-z0-9]+-", treebank)
    return match[1] if match else ""


@cache
def _entries_by_name() -> dict[str, Entry]:
    """The entries of the catalogue by the name of the treebank, ``UD_Language`` and code."""
    found = {entry.treebank: entry for entry in entries()}
    for entry in entries():
        for name in (f"UD_{entry.language.replace(' ', '_')}", entry.code):
            if name:
                found.setdefault(name, entry)
    return found


@cache
def code_of(language: str) -> str:
    """The code that UD has for a language, given its name in English or its code (ISO 639). Raises ConfigError."""
    wanted = " ".join(language.replace("_", " ").split()).lower()
    base = re.split("[- ]", wanted)[0]  # pt-BR is pt
    for name in (wanted, base if len(base) <= 3 else wanted):
        name = _OTHER_CODES.get(name, name)
        for entry in entries():
            if name and name in (entry.language.lower(), entry.code, entry.iso639_3):
                return entry.code
    names = sorted({entry.language for entry in entries()})
    meant = "".join(f"did you mean {name}? " for name in closest(wanted.title(), names))
    raise ConfigError(
        f"no language {language!r} is known; {meant}give its name in English, its ISO 639 code, or {AUTO}"
    )


def _name(code: str) -> str:
    entry = next((entry for entry in entries() if entry.code == code), None)
    return f"{entry.language} ({code})" if entry is not None else code


def _kinship(wanted: Entry, scripts: set[str], entry: Entry) -> int:
    """How near a treebank's language is to another, which is written in these scripts."""
    theirs = set(entry.scripts.split(","))
    same_family = bool(wanted.family) and wanted.family == entry.family
    if same_family and wanted.genus == entry.genus:
        return 4
    if same_family:
        return 3
    if scripts & _UNSPACED and theirs & _UNSPACED:
        return 2
    return int(bool(scripts & theirs))


def _rank(text: str) -> list[tuple[str, float]]:
    """The codes of languages that the text may be in, with their probabilities, the most probable first."""
    if not any(map(str.isalpha, text)):
        return [(UNKNOWN, 1.0)]
    ranks = _identifier().rank(text)
    return [(_OTHER_CODES.get(code, code), float(probability)) for code, probability in ranks if code != "zxx"]


@cache
def _identifier() -> Any:
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError:
        raise ConfigError(
            "to find the language of a text, install py3langid (pip install 'py3langid>=0.4'), or name the language"
        ) from None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
