"""The metadata of a model that the Hugging Face hub reads: YAML in front of the card, made from the facts.

They say the language, licence, data, base models, metrics and scores, in the terms of the hub. What the facts do not
tell, such as the licence of a model whose maker named none, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from depparse.model_folder.facts import DataFile, Facts, ScoreRow
from depparse.treebanks.catalogue import entries

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

_FRONT = re.compile(r"---[ \t]*\r?\n.*?^---[ \t]*(?:\r?\n|\Z)(?:\r?\n)*", re.DOTALL | re.MULTILINE)
_UD = "universal-dependencies/universal_dependencies"  # the data set of the hub with the treebanks of UD
_CODE = re.compile(r"([a-z]{2,3}_[a-z0-9]+)-")  # begins the name of a file of UD, and names its treebank on the hub
_SPLITS = {"train": "train", "dev": "validation", "test": "test"}
# The licences that the hub has a name for, as far as they are those of text and models.
_LICENCES = frozenset(
    "afl-3.0 agpl-3.0 apache-2.0 bsd-2-clause bsd-3-clause cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 "
    "cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 "
    "cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 eupl-1.1 gfdl gpl-2.0 gpl-3.0 lgpl-2.1 lgpl-3.0 lgpl-lr mit "
    "mpl-2.0 odc-by odbl pddl unlicense".split()
)
# The tags of a model, by a column that it writes.
_TAGS = {
    "UPOS": "part-of-speech-tagging",
    "FEATS": "morphological-analysis",
    "LEMMA": "lemmatization",
    "HEAD": "dependency-parsing",
    "DEPS": "enhanced-dependencies",
    "NER": "named-entity-recognition",
    "UP:PRED": "semantic-role-labeling",
}


def front_matter(
    facts: Facts, name: str, columns: Collection[str] = (), *, segments: bool = False, encoders: Sequence[str] = ()
) -> str:
    """The metadata as YAML between lines of hyphens, with the empty line that follows.

    `name` is that of the model, `columns` are those that it writes, `segments` says whether it segments text, and
    `encoders` are ids on the hub of the encoders that it was made of.
    """
    from huggingface_hub import ModelCardData

    results = [
        result for row in facts.scores_of(columns, segments=segments) for result in _results(row, facts.all_data())
    ]
    tags = ["depparse", "universal-dependencies", *(tag for column, tag in _TAGS.items() if column in columns)]
    tags += ["tokenization", "sentence-segmentation"] if segments else []
    origins = [base.origin for part in facts.all() if (base := part.base) is not None]
    bases = [*(origin.name for origin in origins if origin.commit), *encoders]
    data = ModelCardData(
        language=_languages(facts) or None,
        library_name="depparse",
        pipeline_tag="token-classification" if columns else None,
        tags=tags,
        datasets=[_UD] if any(_treebank(file) for file in facts.all_data()) else None,
        base_model=list(dict.fromkeys(bases)) or None,
        metrics=["f1"] if results else None,
        model_name=name if results else None,
        eval_results=results or None,
        **_licence(facts.licences()),
    )
    return f"---\n{data.to_yaml(line_break=chr(10))}\n---\n\n"


def has_front_matter(card: str) -> bool:
    """Whether a card begins with metadata."""
    return _FRONT.match(card) is not None


def without_front_matter(card: str) -> str:
    """The card without metadata."""
    return _FRONT.sub("", card, count=1) if has_front_matter(card) else card


def _languages(facts: Facts) -> list[str]:
    """The codes of the languages of the data; without codes for private use, which are no languages of ISO 639."""
    codes = [next((e.code for e in entries() if e.language == name), "") for name in facts.languages()]
    return [code for code in dict.fromkeys(codes) if code and not re.fullmatch("q[a-t][a-z]", code)]


def _licence(licences: Sequence[str]) -> dict[str, Any]:
    """The keys of the licence. One that the hub has no name for, or several, are ``other``, with a name."""
    if not licences:
        return {}
    slugs = list(dict.fromkeys(re.sub(r"[^a-z0-9.]+", "-", licence.lower()).strip("-") for licence in licences))
    if len(slugs) == 1 and slugs[0] in _LICENCES:
        return {"license": slugs[0]}
    return {"license": "other", "license_name": "-and-".join(slugs)}


def _treebank(file: DataFile) -> str:
    """The name of a treebank of UD on the hub, such as ``en_ewt``; empty for any other file."""
    code = _CODE.match(file.file)
    return code[1] if code and any(e.code == code[1].partition("_")[0] for e in entries()) else ""


def _results(row: ScoreRow, files: Sequence[DataFile]) -> list[EvalResult]:
    """The scores of a row as results on a split of a treebank of UD or, where the facts do not tell it, on other data.

    The hub tells results apart by data and metric alone, so that the name of the metric says what else there is.
    """
    from huggingface_hub import EvalResult

    split, _, rest = row.data.partition(", ")
    tested = [file for file in files if file.split == split]
    codes = {_treebank(file) for file in tested}
    config = codes.pop() if len(codes) == 1 else ""
    names = [file.treebank for file in tested if file.treebank.startswith("UD_")]
    qualifiers = ", ".join(filter(None, (rest if config else "", "raw text" if row.source == "text" else "")))
    return [
        EvalResult(
            task_type="token-classification",
            task_name="Universal Dependencies",
            dataset_type=_UD if config else "other",
            dataset_name=(names[0] if names else config) or row.data,
            dataset_config=config or row.data,
            dataset_split=_SPLITS.get(split),
            metric_type="f1",
            metric_name=f"{metric} ({qualifiers})" if qualifiers else metric,
            metric_value=round(f1, 4),
        )
        for metric, f1 in row.f1.items()
    ]
