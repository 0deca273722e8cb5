"""The request of a user to a pipeline, stated and checked once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from types import NoneType
from typing import Any, TypedDict

from depparse.arguments import check_number, check_type, shown
from depparse.document.annotations import check_kept
from depparse.errors import ConfigError, closest, did_you_mean
from depparse.treebanks.languages import Choice, Languages

MOST_TREES = 10_000  # that a sentence is given
# What spaCy and Stanza call differently, and what methods take besides a request.
_ELSEWHERE = {
    **dict.fromkeys(("disable", "exclude", "enable", "processors"), "without=…, the parts to leave out of nlp.parts"),
    **dict.fromkeys(("n_process", "n_threads", "num_workers", "workers"), "workers=N of pipe and annotate_stream"),
    **dict.fromkeys(("use_gpu", "gpu", "device"), 'device="cuda" of depparse.load'),
    **dict.fromkeys(("dir", "model_dir", "model_path", "package"), "the name or folder of depparse.load(…)"),
    **dict.fromkeys(("download_method", "allow_unknown_language"), "fetch=True of depparse.load"),
    **dict.fromkeys(("tokenize_pretokenized", "is_tokenized"), 'sentences as lists of tokens: nlp([["Hi", "."]])'),
    "tokenize_no_ssplit": "presplit=True, for text with a sentence in each line",
    "lang": "language=… of a model of several languages, or the name or folder of depparse.load(…)",
    "batch_size": "batch_size=N of pipe, or batch_words=N",
    "as_tuples": "as_tuples=True of pipe",
    "constraints": "constraints=… of a call, of annotate_stream and of analyses",
}
BATCH_WORDS = 1000  # words, with padding, that are annotated at once; memory grows with them


class Asked(TypedDict, total=False):
    """The keywords by which a pipeline is asked; `Request` says what each means."""

    keep: str | Collection[str]
    without: str | Collection[str]
    probabilities: bool
    k_best: int | None
    treebank: str | None
    language: str | None
    presplit: bool
    expand: bool
    batch_words: int


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a pipeline; the same for all of its input.

    `keep` names columns (``"upos,lemma"`` or ``["upos", "lemma"]``): the values in them stay, and only a value ``_`` is
    predicted. FEATS stays as it is, since ``_`` is a value there. ``ner`` keeps the entities of each annotated
    sentence: one that has entities, or a column for them. ``frames`` does the same with frames; of the frames of such
    sentences, ``predicates`` keeps the predicate words, and ``up:pred`` keeps these and their senses, while the rest is
    predicted. ``deps`` keeps the enhanced graphs of sentences that have one, with their empty nodes. The tree is the
    best one among those that have the kept heads and relations.

    `without` switches parts off (`Pipeline.parts`); the annotation that the input has of them stays, as does all that
    the model does not predict. But an enhanced graph is that of a tree: if the tree is predicted anew and the graph is
    neither predicted nor kept, it is removed. A task that reads
    trees (by its `syntax`, `spans`) reads the trees that are written or, without the parser, those of the sentences.

    `probabilities` writes HeadProb (of the arc) and LabelProb (of the arc with its relation) into MISC and, for an
    enhanced graph, DepsProb (of each arc with its label, in the order of DEPS, with commas). `k_best` gives that many
    trees of each sentence, best first, each as a sentence with the comments ``tree_rank`` and ``tree_log_probability``
    (natural logarithm). The sentences after the first have ``-tree2``, ``-tree3`` … behind their sent_id and begin no
    document or paragraph; their enhanced graph is that of the best tree, too. The probability of a tree is its share
    among all trees that have what is kept and required.

    A model of several treebanks annotates in the style of `treebank`, or in that of the first treebank of `language`
    (its name in English or its ISO 639 code); if the model has none, in that of the nearest one, with a warning. With
    the language ``auto``, that of each paragraph is found, and each sentence gets the comment ``# lang`` with its code;
    a sentence that has the comment keeps it. That is the default of a model whose treebanks are of several languages;
    any other model annotates in the style of the first treebank that it learned from.

    With `presplit`, each line of a text is a sentence, and only its tokens are to be found. With `expand`, multiword
    tokens among the words of other input are found and split, and its other columns are not read. The annotation does
    not depend on `batch_words`, the words of a batch with padding; only the last written digit of a probability may
    differ by one, because sums are rounded in another order.
    """

    keep: frozenset[str] = frozenset()  # names in capitals
    without: frozenset[str] = frozenset()
    probabilities: bool = False
    k_best: int | None = None
    treebank: str | None = None
    language: str | None = None
    presplit: bool = False
    expand: bool = False
    batch_words: int = BATCH_WORDS
    constrained: bool = False  # whether each sentence comes with constraints on its tree

    def __post_init__(self) -> None:
        """Takes names as one string or any collection. Raises ConfigError for values that no pipeline could follow."""
        object.__setattr__(self, "keep", check_kept(_names(self.keep, "keep")))
        object.__setattr__(self, "without", frozenset(_names(self.without, "without")))
        if self.k_best is not None:
            check_number(self.k_best, "k_best", "trees")
            if self.k_best > MOST_TREES:
                raise ConfigError(f"k_best is at most {MOST_TREES:,} trees of a sentence, not {shown(self.k_best)}")
        check_number(self.batch_words, "batch_words", "words")
        for name in ("probabilities", "presplit", "expand"):
            check_type(getattr(self, name), bool, name, "True or False")
        check_type(self.treebank, (str, NoneType), "treebank", "the name of a treebank")
        check_type(self.language, (str, NoneType), "language", "the name or code of a language, or auto")

    @classmethod
    def of(cls, asked: Asked, *, constrained: bool = False) -> Request:
        """The request with these values. Raises ConfigError."""
        values: dict[str, Any] = dict(asked)
        for name in values:
            if name not in Asked.__annotations__:
                raise ConfigError(f"a pipeline is not asked for {name!r}; {hint(name, Asked.__annotations__)}")
        return cls(**values, constrained=constrained)

    def choice(self, languages: Languages) -> Choice:
        """Whose style is asked for, of treebanks of these languages. Raises ConfigError."""
        return languages.choose(self.treebank, self.language)

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of all values that differ from the defaults."""
        defaults = Request()
        return tuple(name for name in Asked.__annotations__ if getattr(self, name) != getattr(defaults, name))


def requested(
    request: Request | None,
    asked: Asked,
    parts: Collection[str],
    method: str = "",
    able: Collection[str] = (*Asked.__annotations__,),
    *,
    constrained: bool = False,
) -> Request:
    """The given request to a pipeline with these parts, or one made of the keywords in `asked`.

    Raises ConfigError, also for keywords that are not among those that the `method` is `able` to serve.
    """
    if request is None:
        request = Request.of(asked, constrained=constrained)
        refuse(method, [name for name in request.asked if name not in able], able)
    elif asked:
        raise ConfigError(f"give a request or {', '.join(asked)}, not both")
    else:
        check_type(request, Request, "request", "what pipeline.request(…) returns")
        request = replace(request, constrained=request.constrained or constrained)
    if wrong := sorted(request.without.difference(parts)):
        meant = "".join(f"did you mean {part}? " for name in wrong for part in closest(name, parts))
        names = ", ".join(parts) or "no parts"
        raise ConfigError(f"there is no part {', '.join(wrong)} to switch off; {meant}the pipeline has {names}")
    return request


def refuse(method: str, names: Collection[str], able: Collection[str]) -> None:
    """Raises ConfigError if there are any names of what the method cannot do."""
    if names:
        raise ConfigError(f"{method} cannot do what {', '.join(names)} asks; it can be asked for {', '.join(able)}")


def hint(name: str, names: Iterable[str]) -> str:
    """What the user probably means by a keyword that does not exist, which may be a name of another library."""
    return f"here this is {_ELSEWHERE[name]}" if name in _ELSEWHERE else did_you_mean(name, names)


def _names(names: object, key: str) -> Collection[str]:
    """The names in a collection, or in a text between commas or blanks."""
    names = names.replace(",", " ").split() if isinstance(names, str) else names
    if not isinstance(names, Collection) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"{key} is a name or a list of names, not {names!r}")
    return names
