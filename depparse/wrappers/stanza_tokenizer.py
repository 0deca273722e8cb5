"""Stanza's tokenizers in place of our own. Nothing here uses the network."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError, ModelError, did_you_mean
from depparse.formats.stanza import PLACEHOLDERS, from_stanza, to_stanza
from depparse.libraries import library
from depparse.text.blocks import iter_blocks
from depparse.text.spacing import RawToken, breaks_paragraph, build_sentences, is_visible

if TYPE_CHECKING:
    import stanza


_BATCH = 256  # sentences that the other processors get together


class StanzaTokenizer:
    """A segmenter that finds sentences, tokens and multiword tokens by Stanza, for ``Pipeline(model, segmenter=…)``.

    `pipeline` is a ``stanza.Pipeline`` with the processor ``tokenize``, and ``mwt`` where the language has multiword
    tokens. Its other processors are run if `processors` names them (``"pos,lemma,ner"``); what they annotate stays
    where the model is asked to keep it (``nlp(text, keep="ner")``), or predicts no such thing.
    """

    def __init__(self, pipeline: stanza.Pipeline, processors: str | Collection[str] = ()) -> None:
        self.pipeline = pipeline
        self.processors = processors.split(",") if isinstance(processors, str) else list(processors)
        for name in self.processors:
            if name not in pipeline.processors or name in ("tokenize", "mwt"):
                others = pipeline.processors.keys() - {"tokenize", "mwt"}
                raise ConfigError(f"this pipeline of Stanza has no processor {name!r}; {did_you_mean(name, others)}")
        if "tokenize" not in pipeline.processors:
            names = ", ".join(pipeline.processors) or "none"
            raise ModelError(f"this pipeline of Stanza has no processor 'tokenize', it has: {names}")

    @classmethod
    def load(
        cls,
        language: str,
        package: str = "default",
        folder: str | os.PathLike[str] | None = None,
        device: str = "cpu",
    ) -> StanzaTokenizer:
        """The tokenizer of a language that ``stanza.download`` left in `folder`, by default where Stanza keeps models.

        `package` is the treebank that it was trained on (``gsd``). Nothing is ever fetched. Raises ModelError if the
        tokenizer cannot be loaded.
        """
        stanza_library = library("stanza")
        options = {} if folder is None else {"dir": os.fspath(folder)}
        try:
            pipeline = stanza_library.Pipeline(
                language,
                package=None,
                processors={"tokenize": package},
                download_method=None,
                device=device,
                verbose=False,
                **options,
            )
        except (OSError, ValueError, KeyError) as error:
            reason = str(error).split("\n", 1)[0]
            remedy = f"stanza.download({language!r}, package={package!r}, processors='tokenize,mwt') fetches it"
            raise ModelError(
                f"Stanza's tokenizer {language}/{package} cannot be loaded: {reason} ({remedy})"
            ) from error
        return cls(pipeline)

    def segment(self, pieces: Iterable[str]) -> Iterator[Sentence]:
        """The sentences of a text given in pieces, as a stream. Forms and spacing are those of the text.

        Stanza ends a sentence where its input ends. So unless a block ends a paragraph, its last sentence is segmented
        again at the beginning of the next block.
        """
        sentences = build_sentences(self._blocks(pieces))
        return self._annotated(sentences) if self.processors else sentences

    def _annotated(self, sentences: Iterator[Sentence]) -> Iterator[Sentence]:
        """The sentences with the annotation of the other processors, a batch at a time."""
        while batch := list(islice(sentences, _BATCH)):
            places = [sentence.start_char for sentence in batch]
            document = self.pipeline.process(to_stanza(Document(batch)), processors=self.processors)
            for sentence, place in zip(from_stanza(document), places, strict=True):
                sentence.start_char = place
                yield sentence

    def expand(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """The sentences as they are: Stanza finds multiword tokens only while it tokenizes, so it expands none here."""
        yield from sentences

    def _blocks(self, pieces: Iterable[str]) -> Iterator[tuple[str, list[RawToken]]]:
        """Blocks of the text with their tokens."""
        carried = ""
        for block in iter_blocks(pieces):
            text, carried = carried + block, ""
            sentences = self._sentences(text)
            if sentences and not breaks_paragraph(block[len(block.rstrip()) :]):
                if len(sentences) > 1:
                    cut = sentences.pop()[0].start
                    text, carried = text[:cut], text[cut:]
                else:
                    sentences[0][-1].ends_sentence = False  # a sentence longer than a block
            yield text, list(chain.from_iterable(sentences))
        if carried:
            yield carried, list(chain.from_iterable(self._sentences(carried)))

    def _sentences(self, text: str) -> list[list[RawToken]]:
        """The tokens of each sentence, by Stanza's offsets, because Stanza changes some forms."""
        if not is_visible(text):
            return []
        sentences = []
        for sentence in self.pipeline.process(text, processors="tokenize").sentences:
            tokens = [RawToken(token.start_char, token.end_char, _words(token)) for token in sentence.tokens]
            tokens[-1].ends_sentence = True
            sentences.append(tokens)
        return sentences


def _words(token: Any) -> tuple[str, ...]:
    """The words of a multiword token; none for other tokens, and for tokens with placeholders."""
    words = tuple(word.text for word in token.words)
    return words if len(words) > 1 and PLACEHOLDERS.isdisjoint((token.text, *words)) else ()
