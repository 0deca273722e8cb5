"""The languages of a model's treebanks: in the style of which treebank a text is analysed, and of which language it is.

A language that no treebank has is analysed in the style of the nearest one: of the same genus, else of the same family,
else of a script that has no spaces as its own, else of the same script, else the first. All that is read off the
catalogue of UD; for a language that UD lacks, `_KIN` names one of its kin. Of several treebanks that are equally near,
the first is taken.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

from depparse.document.columns import LANGUAGE
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, closest
from depparse.printable import clean
from depparse.treebanks.catalogue import Entry, entries

AUTO = "auto"  # in place of a language: that of each paragraph is found
UNKNOWN = "und"  # the code of no language in particular (ISO 639-2)
# The least probability with which a paragraph is taken to be of another language than the text around it, and the
# least number of its letters.
_SURE, _LETTERS = 0.9, 20
_LONGEST = 60  # characters of the name of a language
_SENTENCES = 50  # of a paragraph whose language is found from its sentences
_UNSPACED = frozenset("Hani Jpan Thai Laoo Khmr Mymr Tibt".split())
# Languages that UD has under another code.
_OTHER_CODES = dict(pair.split(":") for pair in "nb:no nn:no ku:kmr arz:ar ary:ar iw:he in:id fil:tl se:sme".split())
# Languages that UD lacks and py3langid finds, each with one of UD's that is its kin, or else written alike.
_KIN = dict(
    pair.split(":")
    for pair in "ace:id an:es ba:tt bcl:ceb bs:hr crh:tr dz:zh ext:es fuv:wo fy:nl gcf:ht gcr:ht gom:mr guw:yo ig:yo "
    "kab:ha kik:ruc km:vi kn:ta lg:ruc ln:ruc lo:th mg:id mn:bxr ms:id my:zh nso:tn om:bej qu:es rw:ruc "
    "sn:tn so:bej st:tn sw:ruc tg:fa tk:tr uzs:uz vec:it vo:eo wa:fr xh:tn zu:tn".split()
)


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
        self._warned: set[str] = set()  # codes
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
            if entry is not None:
                numbers.setdefault(_code(entry), number)
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
        if language is not None and language.lower() != AUTO:
            code = code_of(language)
            if not self.codes:
                raise ConfigError(f"the treebanks of the model tell no languages, so none is {language!r}")
            return Choice(language=code)
        if self.are_several:
            return Choice(language=AUTO)
        return Choice(self.treebanks[0] if self.treebanks else None)

    def number(self, choice: Choice, language: str | None = None, *, quiet: bool = False) -> int:
        """The number of the treebank that is chosen, for a text of that `language` if each has its own."""
        if len(self.treebanks) < 2 and choice.language is None:
            return 0
        if choice.treebank is not None:
            if choice.treebank in self.treebanks:
                return self.treebanks.index(choice.treebank)
            entry = entry_of(choice.treebank)  # of a part that learned from other treebanks
            return 0 if entry is None else self.of_language(_code(entry), quiet=True)
        code = known_code(language or "") if choice.is_auto else choice.language
        return 0 if code is None else self.of_language(code, quiet=quiet)

    def of_language(self, code: str, *, quiet: bool = False) -> int:
        """The number of the treebank of the language, or else of the nearest one, about which there is one warning."""
        if code in self.codes or not self.codes:
            return self.codes.get(code, 0)
        with self._lock:  # codes are known ones, so neither collection grows without end
            if code not in self._nearest:
                self._nearest[code] = self._find_nearest(code)
            number = self._nearest[code]
            warns = not quiet and code != UNKNOWN and code not in self._warned
            if warns:
                self._warned.add(code)
        if warns:
            warnings.warn(
                f"no treebank of the model is in the language {_name(code)}: it is analysed in the style of "
                f"{self.treebanks[number]}",
                stacklevel=2,
            )
        return number

    def _find_nearest(self, code: str) -> int:
        code = _KIN.get(code, code)
        wanted = next((entry for entry in entries() if _code(entry) == code), None)
        if wanted is None:
            return 0
        scripts = set(wanted.scripts.split(","))
        kinships = [0 if entry is None else _kinship(wanted, scripts, entry) for entry in self.entries]
        return max(range(len(kinships)), key=kinships.__getitem__, default=0)

    def identify(self, paragraphs: Sequence[str]) -> list[str]:
        """The code of the language of each paragraph of a text, `UNKNOWN` if it has no letters.

        A short or doubtful paragraph is taken to be in the language of the whole. If that is doubtful, too, it is the
        most probable one of the treebanks. Only for treebanks of one language, nothing is to be found. Raises
        ConfigError if the library py3langid is not installed.
        """
        if not self.are_several:
            return [next(iter(self.codes), UNKNOWN)] * len(paragraphs)
        ranks = _rank("\n".join(paragraphs))
        whole, probability = ranks[0]
        if whole != UNKNOWN and probability < _SURE:
            whole = next((code for code, _ in ranks if code in self.codes), whole)
        found = []
        for paragraph in paragraphs if len(paragraphs) > 1 else ():
            code, probability = _rank(paragraph)[0]
            found.append(code if probability >= _SURE and sum(map(str.isalpha, paragraph)) >= _LETTERS else whole)
        return found or [whole] * len(paragraphs)

    def mark(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """The sentences, each with the code of its language in the comment `LANGUAGE`: copies of those without it.

        The language is that of the paragraph (``# newpar``, ``# newdoc``), of which at most `_SENTENCES` are read
        together. A comment that names no known language is replaced.
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
        unmarked = [sentence for sentence in sentences if known_code(sentence.comment(LANGUAGE) or "") is None]
        code = self.identify([" ".join(sentence.text for sentence in unmarked)])[0] if unmarked else ""
        for sentence in sentences:
            if known_code(sentence.comment(LANGUAGE) or "") is None:
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
    for entry in sorted(entries(), key=lambda entry: not entry.code):
        for name in (f"UD_{entry.language.replace(' ', '_')}", entry.code):
            if name:
                found.setdefault(name, entry)
    return found


def _code(entry: Entry) -> str:
    """The code of a language; its name if it has none in the catalogue, as some that were renamed."""
    return entry.code or entry.language


def code_of(language: str) -> str:
    """The code that UD has for a language, given its name in English or its code (ISO 639). Raises ConfigError."""
    code = known_code(language)
    if code is None or code == UNKNOWN:
        names = sorted({entry.language for entry in entries()})
        meant = "".join(f"did you mean {name}? " for name in closest(language[:_LONGEST].title(), names))
        shown = repr(language if len(language) <= _LONGEST else f"{language[:_LONGEST]}…")
        raise ConfigError(f"no language {shown} is known; {meant}give its name in English, its ISO 639 code, or {AUTO}")
    return code


def known_code(language: str) -> str | None:
    """The code of a language that is given by its name in English or its code; None for anything else."""
    return _known_code(language) if len(language) <= _LONGEST else None


@lru_cache(maxsize=1024)
def _known_code(language: str) -> str | None:
    wanted = " ".join(language.replace("_", " ").split()).lower()
    base = re.split("[- ]", wanted)[0]  # pt-BR is pt
    for name in (wanted, base if len(base) <= 3 else wanted):
        name = _OTHER_CODES.get(name, name)
        if name in _KIN or name == UNKNOWN:
            return name
        for entry in sorted(entries(), key=lambda entry: not entry.code):
            if name and name in (entry.language.lower(), entry.code, entry.iso639_3):
                return _code(entry)
    return None


def _name(code: str) -> str:
    entry = next((entry for entry in entries() if entry.code == code), None)
    return clean(f"{entry.language} ({code})" if entry is not None else code)


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
    return int(bool(scripts & theirs - {""}))


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
