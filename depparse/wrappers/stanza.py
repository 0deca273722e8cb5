"""Pipelines of Stanza that depparse annotates. The processors are in `stanza_processor`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from depparse.errors import ConfigError, did_you_mean
from depparse.libraries import library
from depparse.treebanks.languages import Languages

if TYPE_CHECKING:
    import stanza


def stanza_pipeline(model: str | os.PathLike[str] = "en", *, lang: str | None = None, **config: Any) -> stanza.Pipeline:
    """A pipeline of Stanza (``nlp``) whose tokenizer and only other processor are ours. It needs no file of Stanza.

    `model` is a name or folder as `load` takes it; `lang` is the code of the language that the pipeline and its
    documents tell, by default that of the model, and ``multilingual`` for a model of several. All else is the config of
    the processor ``udparse`` (docs/stanza.md), such as ``keep``, ``without``, ``probabilities``, ``device``.

    Raises ConfigError, also if Stanza is not installed, and ModelError.
    """
    stanza_library = library("stanza")
    from depparse.wrappers.stanza_processor import ASKED, LOADING, PROCESSOR, SEGMENTING, VARIANT, shared

    for name in config:
        if name not in (*LOADING, *ASKED):
            raise ConfigError(f"stanza_pipeline has no argument {name!r}; {did_you_mean(name, (*LOADING, *ASKED))}")
    options: dict[str, Any] = {f"tokenize_with_{VARIANT}": True}
    for processor, names in ((PROCESSOR, config), ("tokenize", {*LOADING, *SEGMENTING} & config.keys())):
        options |= {f"{processor}_model": model, **{f"{processor}_{name}": config[name] for name in names}}
    pipeline = shared(model, **{name: config[name] for name in LOADING if name in config})
    codes = list(Languages(pipeline.treebanks).codes)
    with TemporaryDirectory() as folder:  # Stanza reads a list of its models, and needs none of them
        Path(folder, "resources.json").write_text(json.dumps({}), encoding="utf-8")
        return stanza_library.Pipeline(
            lang or (codes[0] if len(codes) == 1 else "multilingual"),
            dir=folder,
            processors=f"tokenize,{PROCESSOR}",
            download_method=None,
            allow_unknown_language=True,
            device=str(config.get("device", "cpu")),
            verbose=False,
            **options,
        )
