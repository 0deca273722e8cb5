"""The parameters of UDPipe's REST API, and its output formats; without HTTP.

The API is described at https://lindat.mff.cuni.cz/services/udpipe/api-reference.php, formats and options in the User's
Manual of UDPipe 1 (https://ufal.mff.cuni.cz/udpipe/1/users-manual). What is said there holds here, except that the
formats ``matxin`` and ``epe`` are not written.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

import regex

from depparse import __version__
from depparse.document.document import Document
from depparse.document.raw_text import iter_exact_text, placed
from depparse.document.sentence import Sentence
from depparse.errors import DepparseError
from depparse.formats.conllu import parse_conllu
from depparse.formats.tokens import iter_horizontal, iter_vertical
from depparse.inference.inputs import Given
from depparse.inference.request import Request
from depparse.server.limits import Limits, Refusal
from depparse.server.models import Models, ServedModel
from depparse.text.naming import name_sentences

# What each parameter means, for /docs.
PARAMETERS = {
    "data": "The input, in UTF-8. It is normalized to NFC.",
    "model": "The name of a model, or the beginning of one before a hyphen, or a language (English, en, eng). "
    "By default the first model.",
    "tokenizer": "If present, the input is plain text. The value may have options between semicolons: presegmented "
    "(a sentence a line), ranges (TokenRange in MISC), normalized_spaces (no SpacesAfter …).",
    "input": "The format of input that is not plain text: conllu (the default), horizontal, vertical; or "
    "generic_tokenizer, plain text that rules split. Options follow behind =.",
    "tagger": "If present, tags, features and lemmas are predicted.",
    "parser": "If present, trees are predicted. The value may name further parts of the model between semicolons, such "
    "as enhanced;srl.",
    "output": "The format of the output: conllu (the default), horizontal, vertical, plaintext. Options follow "
    "behind =.",
}
_TOKENIZERS = ("tokenizer", "generic_tokenizer")
_READERS: dict[str, Callable[[str], Sequence[Sentence]]] = {
    "conllu": lambda data: list(parse_conllu(data)),
    "horizontal": lambda data: list(name_sentences(iter_horizontal(BytesIO(data.encode())))),
    "vertical": lambda data: list(name_sentences(iter_vertical(BytesIO(data.encode())))),
}
_MARKS = regex.compile(r"(?<!\p{M})\p{M}{257}")
_SPACING = ("SpacesBefore=", "SpacesAfter=", "SpacesInToken=")


@dataclass(frozen=True, slots=True)
class Process:
    """A request to ``process``, understood."""

    model: ServedModel
    data: str
    format: str  # of the input: tokenizer, or a value of the parameter `input`
    options: Mapping[str, str]  # of the input
    output: str
    output_options: Mapping[str, str]
    request: Request

    @classmethod
    def of(cls, parameters: Mapping[str, str], models: Models, limits: Limits) -> Process:
        """The request with these parameters. Raises Refusal with the messages of UDPipe."""
        if "data" not in parameters:
            raise _wrong("The parameter 'data' is required.")
        data = _normalized(parameters["data"], limits)
        try:
            model = models.find(parameters.get("model"))
        except Refusal as refusal:
            message = f"The requested model '{parameters['model']}' does not exist. ({refusal})"
            raise Refusal(400, refusal.kind, message) from None
        if "tokenizer" in parameters:
            format, options = "tokenizer", parse_options(parameters["tokenizer"])
        else:
            format, options = _format(parameters.get("input", "conllu"))
        if format not in _READERS and format not in _TOKENIZERS:
            raise _wrong(f"Cannot parse the input in '{format}' format.")
        output, output_options = _format(parameters.get("output", "conllu"))
        if output not in _WRITERS:
            raise _wrong(f"Unknown output format '{output}'. (There are: {', '.join(_WRITERS)}.)")
        presplit = "presegmented" in options and format in _TOKENIZERS
        language = models.language(parameters.get("model"))
        request = Request(without=_off(model, parameters), presplit=presplit, language=language)
        return cls(model, data, format, options, output, output_options, request)

    @property
    def by_rules(self) -> bool:
        """Whether rules split the text, instead of the model."""
        return self.format == "generic_tokenizer"

    def read(self) -> Given:
        """The input of the pipeline: text, or a document. Raises Refusal."""
        if self.format in _TOKENIZERS:
            return self.data
        try:
            return Document(_READERS[self.format](self.data))
        except DepparseError as error:
            raise _wrong(f"Cannot parse the input in '{self.format}' format. ({error})") from None

    def write(self, sentences: Sequence[Sentence]) -> dict[str, object]:
        """The answer with these sentences, which are changed."""
        sentences = list(placed(sentences))
        if self.format in _TOKENIZERS:
            if "ranges" in self.options:
                _add_ranges(sentences)
            if "normalized_spaces" in self.options:
                _drop_spacing(sentences)
        result = _WRITERS[self.output](sentences, self.output_options)
        if self.output == "conllu":
            licence = self.model.licence or "unknown"
            head = ("generator", f"depparse {__version__}"), ("udpipe_model", self.model.name)
            comments = (*head, ("udpipe_model_licence", licence))
            result = "".join(f"# {name} = {value}\n" for name, value in comments) + result
        return {"model": self.model.name, "acknowledgements": self.model.acknowledgements, "result": result}


def weblicht(path: str, data: str, model: str | None) -> dict[str, str]:
    """The parameters for a request to ``/weblicht/tokenize``, ``tag`` or ``parse`` with this body."""
    step = path.rpartition("/")[2]
    parameters = {"data": data} | ({} if model is None else {"model": model})
    parameter = {"tokenize": "tokenizer", "tag": "tagger", "parse": "parser"}[step]
    return parameters | {parameter: ""}


def parse_options(text: str) -> dict[str, str]:
    """The options in a value such as ``ranges;presegmented``; an option without a value has ''."""
    pairs = (option.partition("=") for option in text.split(";") if option)
    return {name: value for name, _, value in pairs}


def count_characters(sentences: Sequence[Sentence]) -> int:
    """The characters of all words, which UDPipe tells in the header ``X-Billing-Input-NFC-Len``."""
    return sum(len(form) for sentence in sentences for form in sentence.columns["FORM"])


def _wrong(message: str) -> Refusal:
    return Refusal(400, "input", message)


def _normalized(data: str, limits: Limits) -> str:
    """The data in NFC. Raises Refusal for text that is too long, or that no text can be."""
    limits.check_characters(data)
    try:
        data.encode()
    except UnicodeEncodeError:
        raise _wrong("The parameter 'data' is not valid Unicode.") from None
    if _MARKS.search(data):  # to bring them in order takes the square of their number, and all threads would wait
        raise _wrong("The parameter 'data' has more than 256 combining characters in a row.")
    return unicodedata.normalize("NFC", data)


def _format(value: str) -> tuple[str, dict[str, str]]:
    """The format and its options, in a value such as ``horizontal=paragraphs``."""
    name, _, options = value.partition("=")
    return name, parse_options(options)


def _off(model: ServedModel, parameters: Mapping[str, str]) -> frozenset[str]:
    """The parts of the model to be switched off. Raises Refusal for a component that the model lacks."""
    parts = frozenset(model.pipeline.codec.tasks if model.pipeline.codec is not None else ())
    on: set[str] = set()
    for component, writers in (("tagger", model.taggers), ("parser", model.parsers)):
        if component in parameters:
            if not writers:
                raise _wrong(f"The model '{model.name}' has no {component}.")
            on |= writers
    on |= parts.intersection(parse_options(parameters.get("parser", "")))
    return parts - on


def _add_ranges(sentences: Sequence[Sentence]) -> None:
    """Writes where each token stands in the text to MISC."""
    for sentence in sentences:
        for token in sentence.tokens:
            if token.start_char is not None:
                place = f"TokenRange={token.start_char}:{token.end_char}"
                token.misc = f"{token.misc}|{place}" if token.misc else place


def _drop_spacing(sentences: Sequence[Sentence]) -> None:
    """Leaves nothing about spacing in MISC but SpaceAfter=No."""
    for sentence in sentences:
        for token in sentence.tokens:
            if token.misc and "Spaces" in token.misc:
                left = [item for item in token.misc.split("|") if not item.startswith(_SPACING)]
                token.misc = "|".join(left) or None


def _conllu(sentences: Sequence[Sentence], options: Mapping[str, str]) -> str:
    text = "".join(sentence.to_conllu() for sentence in sentences)
    if "v1" not in options:
        return text
    lines = text.split("\n")  # version 1 has neither empty nodes nor spaces in forms and lemmas
    kept = (line for line in lines if line.startswith("#") or "." not in line.partition("\t")[0])
    return "\n".join(line if line.startswith("#") else line.replace(" ", "_") for line in kept)


def _words(sentences: Sequence[Sentence], options: Mapping[str, str], between: str, after: str) -> str:
    """The words of each sentence; with the option `paragraphs`, an empty line between paragraphs."""
    pieces = []
    for number, sentence in enumerate(sentences):
        paragraph = "\n" if number and "paragraphs" in options and sentence.starts_paragraph else ""
        forms = (form.replace(" ", "\u00a0") if between == " " else form for form in sentence.columns["FORM"])
        pieces.append(paragraph + between.join(forms) + after)
    return "".join(pieces)


def _plaintext(sentences: Sequence[Sentence], options: Mapping[str, str]) -> str:
    if "normalized_spaces" in options:
        return "".join(f"{sentence.text}\n" for sentence in sentences)
    return "".join(iter_exact_text(sentences))


_WRITERS: dict[str, Callable[[Sequence[Sentence], Mapping[str, str]], str]] = {
    "conllu": _conllu,
    "horizontal": lambda sentences, options: _words(sentences, options, " ", "\n"),
    "vertical": lambda sentences, options: _words(sentences, options, "\n", "\n\n"),
    "plaintext": _plaintext,
}
