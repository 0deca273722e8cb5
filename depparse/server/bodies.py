"""The bodies of requests and answers of depparse's own JSON API, which OpenAPI describes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from depparse.document.document import Document
from depparse.errors import ConfigError
from depparse.evaluation.dimensions import Dimension
from depparse.formats.conllu import parse_conllu
from depparse.inference.inputs import Given
from depparse.inference.request import Asked
from depparse.server.limits import Limits, Refusal

DOCUMENT = "Document"  # the name of the schema of documents in OpenAPI
JsonDocument = Annotated[dict[str, Any], WithJsonSchema({"$ref": f"#/components/schemas/{DOCUMENT}"})]
Names = list[str] | str


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Options(_Body):
    """What is asked of the model; the fields of `depparse.Request`."""

    keep: Annotated[Names, Field(description="Columns whose values stay, such as upos, head; only _ is filled.")] = []
    without: Annotated[Names, Field(description="Parts of the model to switch off, such as enhanced, srl.")] = []
    probabilities: Annotated[bool, Field(description="Write HeadProb and LabelProb to MISC.")] = False
    k_best: Annotated[
        int | None, Field(ge=1, description="Give so many trees of each sentence, best first, each as a sentence.")
    ] = None
    treebank: Annotated[
        str | None, Field(max_length=200, description="Annotate as in this treebank, of those of the model.")
    ] = None
    language: Annotated[
        str | None,
        Field(max_length=100, description="The language, by name or code, for a model of several; or auto."),
    ] = None
    presplit: Annotated[bool, Field(description="Each line of the text is a sentence.")] = False
    expand: Annotated[bool, Field(description="Find multiword tokens among the words of other input.")] = False

    def asked(self, limits: Limits) -> Asked:
        """The keywords of a pipeline. Raises Refusal (413) for too many trees."""
        if self.k_best is not None and self.k_best > limits.trees:
            raise Refusal(413, "trees", f"k_best is at most {limits.trees} trees of a sentence here")
        asked: Asked = {
            "keep": self.keep,
            "without": self.without,
            "probabilities": self.probabilities,
            "k_best": self.k_best,
            "treebank": self.treebank,
            "language": self.language,
            "presplit": self.presplit,
            "expand": self.expand,
        }
        return asked


class Input(_Body):
    """An input: a text, sentences as lists of tokens, or CoNLL-U."""

    text: Annotated[str | None, Field(description="Raw text.", examples=["Anna liked it. She laughed."])] = None
    sentences: Annotated[list[list[str]] | None, Field(description="Sentences as lists of tokens.")] = None
    conllu: Annotated[str | None, Field(description="Sentences in CoNLL-U.")] = None

    @model_validator(mode="after")
    def _check_one(self) -> Input:
        if sum(value is not None for value in (self.text, self.sentences, self.conllu)) != 1:
            raise ValueError("give one of text, sentences and conllu")
        return self

    def check(self, limits: Limits) -> None:
        """Raises Refusal (413) if the input has too many characters."""
        tokens = "".join(token for sentence in self.sentences or () for token in sentence)
        limits.check_characters(self.text or "", self.conllu or "", tokens)

    def read(self) -> Given:
        """The input of the pipeline. Raises FormatError."""
        if self.conllu is not None:
            return Document(parse_conllu(self.conllu))
        return self.text if self.text is not None else self.sentences or []


class ParseBody(Input):
    """A request to /v1/parse."""

    model: Annotated[str | None, Field(description="The name of a model; by default the first.")] = None
    options: Options = Options()
    formats: Annotated[
        list[Literal["json", "conllu"]],
        Field(min_length=1, description="What is answered: the document as JSON, as CoNLL-U, or both."),
    ] = ["json"]


class Parsed(BaseModel):
    """The answer of /v1/parse."""

    model: Annotated[str, Field(description="The name of the model.")]
    words: Annotated[int, Field(description="Words in the document.")]
    sentences: Annotated[int, Field(description="Sentences in the document.")]
    document: Annotated[JsonDocument | None, Field(description="The document, if JSON was asked for.")] = None
    conllu: Annotated[str | None, Field(description="The document, if CoNLL-U was asked for.")] = None


class CompareBody(_Body):
    """A request to /v1/compare."""

    gold: Annotated[str, Field(description="The analysis that is taken as right, in CoNLL-U.")]
    system: Annotated[str, Field(description="The analysis that is scored, of the same text, in CoNLL-U.")]
    by: Annotated[
        list[Dimension],
        Field(description="Give scores of trees for groups of words, too."),
    ] = []
    differences: Annotated[bool, Field(description="Tell each difference, too, as ``depparse diff --json``.")] = False


class Compared(BaseModel):
    """The answer of /v1/compare: scores as fractions of 1. Each section has them by metric."""

    scores: Annotated[
        dict[str, Any],
        Field(
            description="By section (trees, and what else both analyses have): precision, recall and F1 of each metric."
        ),
    ]
    by: Annotated[dict[str, Any], Field(description="By dimension: a list of groups with their scores.")] = {}
    differences: Annotated[
        dict[str, Any] | None, Field(description="All differences, by pieces of text, if they were asked for.")
    ] = None


class DrawBody(Input):
    """A request to /v1/draw. Text and tokens are analysed first; CoNLL-U is drawn as it is."""

    model: Annotated[str | None, Field(description="The model that analyses text; by default the first.")] = None
    options: Options = Options()
    format: Annotated[
        Literal["svg", "html"], Field(description="SVG of one sentence, or a page with all sentences.")
    ] = "svg"
    sentence: Annotated[int, Field(ge=1, description="The number of the sentence that SVG draws.")] = 1
    width: Annotated[int | None, Field(ge=100, description="Greatest width in pixels; null for one row.")] = 1200
    show: Annotated[Names | None, Field(description="What is drawn, such as lemma; see docs/drawing.md.")] = None


class CheckBody(_Body):
    """A request to /v1/check."""

    conllu: Annotated[str, Field(description="Sentences in CoNLL-U.")]


class Finding(BaseModel):
    """A fault, as ``depparse corpora check`` finds it."""

    severity: Annotated[str, Field(description="error, warning or note")]
    code: str
    message: str
    remedy: Annotated[str, Field(description="What to do about it.")]
    places: Annotated[list[str], Field(description="The lines of the first ones.")]


class Checked(BaseModel):
    """The answer of /v1/check."""

    findings: list[Finding]


class ModelCard(BaseModel):
    """A model in the answer of /v1/models."""

    name: str
    parts: Annotated[list[str], Field(description="What the option `without` can switch off.")]
    columns: Annotated[list[str], Field(description="The columns that it writes.")]
    languages: list[str]
    treebanks: Annotated[list[str], Field(description="What the option `treebank` can name.")]
    licences: list[str]


class ModelList(BaseModel):
    """The answer of /v1/models."""

    default: Annotated[str, Field(description="The model that is taken if none is asked for.")]
    models: list[ModelCard]


class Problem(BaseModel):
    """The answer to a request that is not served."""

    detail: Annotated[str, Field(description="What is wrong, and what to do, in one line.")]
    kind: Annotated[str, Field(description="One word for programs, such as input, size, words, busy, time.")]


def chosen_sentence(number: int, n_sentences: int) -> int:
    """The index of the sentence with that number, which counts from 1. Raises ConfigError if there is none such."""
    if number > n_sentences:
        raise ConfigError(f"there is no sentence {number} among {n_sentences}")
    return number - 1
