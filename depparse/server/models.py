"""The models of a server, and the names by which clients ask for them."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from depparse.errors import ConfigError, did_you_mean
from depparse.inference.pipeline import Pipeline
from depparse.model_folder.find import short_name
from depparse.server.limits import Refusal
from depparse.treebanks.catalogue import entries
from depparse.treebanks.languages import known_code

_TAGS = {"UPOS", "XPOS", "FEATS", "LEMMA"}
_TREES = {"HEAD", "DEPREL"}
# The codes of ISO 639-2 that libraries use ("bibliographic"), where they differ from those of ISO 639-3.
_LIBRARY_CODES = dict(
    pair.split(":")
    for pair in "sqi:alb hye:arm eus:baq mya:bur zho:chi ces:cze nld:dut fra:fre kat:geo deu:ger ell:gre isl:ice "
    "mkd:mac mri:mao msa:may fas:per ron:rum slk:slo bod:tib cym:wel".split()
)


@dataclass(frozen=True)
class ServedModel:
    """A pipeline with the name under which it is served."""

    name: str
    pipeline: Pipeline

    @cached_property
    def taggers(self) -> frozenset[str]:
        """The parts that write tags, features and lemmas."""
        return self._writers(_TAGS)

    @cached_property
    def parsers(self) -> frozenset[str]:
        """The parts that write trees."""
        return self._writers(_TREES)

    def _writers(self, columns: set[str]) -> frozenset[str]:
        writes = self.pipeline.codec.writes if self.pipeline.codec is not None else {}
        return frozenset(part for part, written in writes.items() if columns.intersection(written))

    @property
    def components(self) -> list[str]:
        """What it does, in the words of UDPipe. Every model takes text, since rules split it if no network does."""
        found = (("tokenizer", True), ("tagger", self.taggers), ("parser", self.parsers))
        return [name for name, has in found if has]

    @property
    def licence(self) -> str:
        """The licences of the model, in one line; empty if it tells none."""
        return "; ".join(self.pipeline.facts.licences())

    @property
    def acknowledgements(self) -> list[str]:
        """What it was made of: each treebank with its licence."""
        data = self.pipeline.facts.all_data()
        names = ((file.treebank or file.file, file.licence) for file in data)
        return list(dict.fromkeys(f"{name} ({licence})" if licence else name for name, licence in names))

    def aliases(self) -> Iterator[str]:
        """Other names: the beginnings of its name before hyphens, and its languages by name and by ISO 639 code."""
        words = self.name.split("-")
        yield from ("-".join(words[:end]) for end in range(len(words) - 1, 0, -1))
        languages = self.pipeline.facts.languages()
        for entry in entries() if languages else ():
            if entry.language in languages:
                yield from (entry.language.lower(), entry.language.lower().replace(" ", "_"), entry.code)
                yield from (entry.iso639_3, _LIBRARY_CODES.get(entry.iso639_3, entry.iso639_3))


class Models:
    """The models of a server. The first one is the default; of two with the same alias, the first one has it."""

    def __init__(self, models: Iterable[ServedModel]) -> None:
        self.all: dict[str, ServedModel] = {}
        for model in models:
            if model.name in self.all:
                raise ConfigError(f"two models are called {model.name}; name one of them: --model NAME=FOLDER")
            self.all[model.name] = model
        if not self.all:
            raise ConfigError("a server needs a model: --model en")
        self.default = next(iter(self.all.values()))
        self._named = dict(self.all)
        for model in self.all.values():
            for alias in model.aliases():
                self._named.setdefault(alias, model)

    def language(self, name: str | None) -> str | None:
        """The language that a client means who asks for a model by a language, if the model knows several."""
        if name is None or name in self.all or name not in self._named:
            return None
        languages, code = self._named[name].pipeline.languages, known_code(name)
        return code if languages.are_several and code in languages.codes else None

    def find(self, name: str | None) -> ServedModel:
        """The model of this name or alias, or the default. Raises Refusal (404)."""
        if name is None:
            return self.default
        if name not in self._named:
            raise Refusal(404, "model", f"there is no model {name!r}; {did_you_mean(name, self.all)}")
        return self._named[name]


def named(asked: Iterable[str]) -> dict[str, str]:
    """By the names to be served: the models, as users name them. Each is ``NAME=FOLDER``, or a name or folder alone.

    A folder alone is served under its own name (that of the run, if it is the folder ``model`` in one). Raises
    ConfigError.
    """
    found: dict[str, str] = {}
    for text in asked:
        name, equals, model = text.partition("=")
        if not equals or Path(text).exists():
            name, model = short_name(text), text
        if not name or not model:
            raise ConfigError(f"--model is NAME=FOLDER, or a name such as en, or a folder; not {text!r}")
        if name in found:
            raise ConfigError(f"two models are called {name}; name one of them: --model NAME=FOLDER")
        found[name] = model
    return found


def load_all(asked: Iterable[str], load: Callable[[str], Pipeline]) -> Models:
    """Loads the models and lets each analyse a sentence, so that the first client need not wait for what that takes.

    Numba is imported now, too: a process that analyses much needs it soon.
    """
    served = [ServedModel(name, load(model)) for name, model in named(asked).items()]
    with contextlib.suppress(ImportError):
        importlib.import_module("numba")
    for model in served:
        model.pipeline("This is a sentence.")
    return Models(served)
