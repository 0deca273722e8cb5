"""Pipelines of spaCy that depparse annotates. The component and the tokenizer are in `spacy_component`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from depparse.arguments import shown
from depparse.errors import ConfigError, did_you_mean
from depparse.formats.spacy import spacy
from depparse.inference.load import Loading, load
from depparse.treebanks.languages import Languages

if TYPE_CHECKING:
    from spacy.language import Language

TOKENIZER = "depparse.Tokenizer.v1"  # the name of our tokenizer in configs of spaCy


def spacy_pipeline(model: str | os.PathLike[str] = "en", *, lang: str | None = None, **config: Any) -> Language:
    """A pipeline of spaCy (``nlp``) whose tokenizer and only component are depparse's.

    `model` is a name or folder as `load` takes it; `lang` is spaCy's code of the language, by default that of the
    model, and ``xx`` for a model of several. All else is the config of the component (docs/spacy.md), such as ``keep``,
    ``without``, ``probabilities``, ``language``, ``device``. The text of a Doc is the text that was given.

    Raises ConfigError, also if spaCy is not installed, and ModelError.
    """
    library = spacy()
    from depparse.wrappers.spacy_component import DEFAULTS, Component

    for name in config:
        if name not in DEFAULTS or name == "model":
            raise ConfigError(f"spacy_pipeline has no argument {name!r}; {did_you_mean(name, DEFAULTS)}")
    options = {name: config[name] for name in Loading.__annotations__ if name in config}
    pipeline = load(model, **options)
    code = lang or _code(pipeline.treebanks)
    try:
        nlp: Language = library.blank(code, config={"nlp": {"tokenizer": {"@tokenizers": TOKENIZER}}})
    except ImportError:
        raise ConfigError(f"lang is spaCy's code of a language, such as 'en' or 'xx', not {shown(lang)}") from None
    component = nlp.add_pipe("depparse", config={**config, "model": os.fspath(model)})
    assert isinstance(component, Component)
    component.model.set_pipeline(pipeline)
    component.request()  # what cannot be asked of the model is an error now, and not at the first text
    return nlp


def _code(treebanks: tuple[str, ...]) -> str:
    """spaCy's code of the language of these treebanks; ``xx`` if they have several, or one that spaCy has not."""
    from spacy.util import get_lang_class

    codes = list(Languages(treebanks).codes)
    if len(codes) != 1:
        return "xx"
    try:
        get_lang_class(codes[0])
    except ImportError:
        return "xx"
    return codes[0]
