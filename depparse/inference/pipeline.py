"""A trained model as a pipeline, which is called on text and documents."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Literal, Unpack, overload

from depparse.arguments import check_number, check_path, check_type
from depparse.document.annotations.frames import PREDICATES
from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.errors import ConfigError
from depparse.evaluation.systems import analysed_anew
from depparse.formats.first_lines import InputPath
from depparse.inference.annotator import BATCHES, BATCHES_OF_WORKER, Annotator
from depparse.inference.inputs import (
    Input,
    InputReader,
    annotate_group,
    annotate_inputs,
    each,
    jobs_of,
)
from depparse.inference.outputs import Context, document_of, documents, each_copy, flat, with_contexts
from depparse.inference.parts import SEGMENTER, Parts
from depparse.inference.request import Asked, Request, refuse, requested
from depparse.inference.workers import run_in_order
from depparse.model_folder.find import find
from depparse.segmentation.segmenter import Segmenter as OwnSegmenter
from depparse.structs.analysis import ParseAnalysis
from depparse.structs.constraints import Constraints


class Pipeline(Parts):
    """A trained model: ``pipeline(text)`` returns the annotated text. It is safe to call it from several threads.

    A `segmenter` finds sentences, tokens and words in text; without one, rules do, which expand no multiword tokens.
    Without a `model`, text is segmented and no more. By default torch computes the networks of the model. If another
    engine, the `scorer`, computes them, the codecs of the model are enough (`ModelCodec`), and torch is not imported.

    Each method takes what is asked (`keep`, `without`, `probabilities`, `k_best`, `treebank` …) by keyword:
    ``pipeline(text, keep="upos")``. `Request` says what each keyword means. A request that is used often can be checked
    once: ``request = pipeline.request(keep="upos")``, then ``pipeline(text, request=request)``. One request serves
    several methods, each of which does its part of it:
    ``pipeline.annotate_stream(pipeline.read(files, request=request), request=request)``.
    """

    @classmethod
    def from_pretrained(
        cls,
        name: str | os.PathLike[str],
        *,
        revision: str | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        token: str | bool | None = None,
        local_files_only: bool = False,
        device: str = "cpu",
        runtime: str = "auto",
        precision: str = "auto",
        without: str | Collection[str] = (),
    ) -> Pipeline:
        """The pipeline called `name`, which is fetched from the Hugging Face hub if it is an id there (``user/repo``).

        As `depparse.load`, it takes names of bundled and installed models and folders first, for which the network is
        not used; and no network is used with `local_files_only`. `revision` is a branch, tag or commit, `cache_dir`
        where models are kept, `token` that of a user who may read the repository; the rest is as in `depparse.load`.

        Raises ModelError, in one line, if the hub cannot be reached or has no such model, and ConfigError.
        """
        import depparse

        check_path(name, "the name of a model")
        options: Any = {"revision": revision, "cache_dir": cache_dir, "token": token}
        folder = find(name, fetch=not local_files_only, **options, fetch_by="fetch it by local_files_only=False")
        return depparse.load(folder, device, runtime=runtime, precision=precision, without=without)

    def request(self, *, constrained: bool = False, **asked: Unpack[Asked]) -> Request:
        """The request, checked against the parts of the pipeline. Raises ConfigError.

        `constrained` says whether constraints on the trees will be given with it.
        """
        request = requested(None, asked, self.parts, constrained=constrained)
        self._annotator(request)
        return request

    def __call__(
        self,
        input: Input,
        *,
        constraints: Iterable[Constraints | None] | None = None,
        request: Request | None = None,
        **asked: Unpack[Asked],
    ) -> Document:
        """Annotates a text, a Document (which is copied), or sentences that are lists of tokens.

        `constraints` has an item for each sentence, which may be None: arcs that the tree must or must not have, and
        relations; they override what is kept. `Request` says what else may be asked.

        Raises ConfigError, and DepparseError naming the sentence if no tree meets `keep` and `constraints`.
        """
        request = requested(request, asked, self.parts, constrained=constraints is not None)
        reader = self.reader(request)
        checked = reader.check(input)
        return document_of(self._annotator(request).annotate(reader.sentences(checked), constraints), checked)

    @overload
    def pipe(
        self,
        inputs: Iterable[Input],
        *,
        as_tuples: Literal[False] = False,
        batch_size: int = 256,
        workers: int = 1,
        request: Request | None = None,
        **asked: Unpack[Asked],
    ) -> Iterator[Document]: ...

    @overload
    def pipe(
        self,
        inputs: Iterable[tuple[Input, Context]],
        *,
        as_tuples: Literal[True],
        batch_size: int = 256,
        workers: int = 1,
        request: Request | None = None,
        **asked: Unpack[Asked],
    ) -> Iterator[tuple[Document, Context]]: ...

    def pipe(
        self,
        inputs: Iterable[Any],
        *,
        as_tuples: bool = False,
        batch_size: int = 256,
        workers: int = 1,
        request: Request | None = None,
        **asked: Unpack[Asked],
    ) -> Iterator[Any]:
        """Annotates many inputs, in order: each as a call does, but faster, since their sentences share batches.

        With `as_tuples`, the inputs are pairs (input, context), and what comes out are pairs (Document, context).

        `inputs` may also have a length and items by number, as the data sets of torch have.

        Inputs are read when they are needed: at most `batch_size` ahead, fewer if they are long. `workers` is the
        number of processes that share the work, with one thread each; each has up to `batch_size` inputs in work and as
        many waiting. See `depparse.inference.workers.run_in_order` for how they start and end. Closing the iterator
        stops them. The annotation does not depend on `batch_size` or `workers`.

        Raises what a call or a worker raises. Nothing comes after an error.
        """
        if isinstance(inputs, (str, Document)):
            raise ConfigError("pipe takes many texts or documents; call the pipeline itself for one")
        inputs = each(inputs)
        if as_tuples:
            options: Any = {"batch_size": batch_size, "workers": workers, "request": request, **asked}
            return with_contexts(inputs, lambda given: self.pipe(given, **options))
        self._networks.check_workers(workers)
        check_number(batch_size, "batch_size", "inputs")
        request = requested(request, asked, self.parts)
        annotator, reader = self._annotator(request), self.reader(request)
        batches = BATCHES if workers == 1 else BATCHES_OF_WORKER
        jobs = jobs_of(reader.check_all(inputs), batch_size, batches * request.batch_words)
        return documents(run_in_order(partial(annotate_inputs, reader, annotator), jobs, workers))

    def annotate_stream(
        self,
        sentences: Iterable[Sentence],
        *,
        constraints: Iterable[Constraints | None] | None = None,
        workers: int = 1,
        request: Request | None = None,
        **asked: Unpack[Asked],
    ) -> Iterator[Sentence]:
        """Annotated copies of the sentences, in order, with a few batches in memory at a time.

        Comments, multiword tokens and MISC are not touched, except that probabilities and graphs of replaced trees go.
        `workers` is that of `pipe`, `constraints` that of a call.

        Raises ConfigError, and DepparseError naming the sentence if no tree meets `keep` and `constraints`.
        """
        return flat(self.annotate_each(sentences, constraints=constraints, workers=workers, request=request, **asked))

    def annotate_each(
        self,
        sentences: Iterable[Sentence],
        *,
        constraints: Iterable[Constraints | None] | None = None,
        workers: int = 1,
        request: Request | None = None,
        **asked: Unpack[Asked],
    ) -> Iterator[list[Sentence]]:
        """As `annotate_stream`, but a list for each sentence: its copy or, with `k_best`, one for each best tree."""
        able = ("keep", "without", "probabilities", "k_best", "treebank", "language", "batch_words")
        request = requested(request, asked, self.parts, "annotate_stream", able, constrained=constraints is not None)
        annotator = self._annotator(request)
        self._networks.check_workers(workers)
        groups = annotator.groups(
            annotator.marked(sentences), constraints, BATCHES if workers == 1 else BATCHES_OF_WORKER
        )
        work = annotator.annotate_group if workers == 1 else partial(annotate_group, annotator)
        return each_copy(run_in_order(work, groups, workers))

    def segment(
        self, pieces: Iterable[str], *, request: Request | None = None, **asked: Unpack[Asked]
    ) -> Iterator[Sentence]:
        """The sentences, not annotated, of a text that comes in pieces. It may be of any length: memory is bounded.

        It does not matter where the text is cut into pieces.
        """
        able = ("without", "treebank", "language", "presplit")
        return self.reader(requested(request, asked, self.parts, "segment", able)).segment(pieces)

    def expand(
        self, sentences: Iterable[Sentence], *, treebank: str | None = None, language: str | None = None
    ) -> Iterator[Sentence]:
        """New sentences with the tokens of the given ones, in which multiword tokens are expanded; not annotated.

        Comments and MISC are kept. Raises ConfigError if there is no segmenter.
        """
        reader = self.reader(Request(expand=True, treebank=treebank, language=language))
        return iter(reader.expanded(sentences))

    def read(
        self,
        paths: InputPath | Sequence[InputPath],
        format: str | None = None,
        *,
        request: Request | None = None,
        **asked: Unpack[Asked],
    ) -> Iterator[Sentence]:
        """Reads the sentences of files (or of one), a few at a time, for `annotate_stream`. Text is segmented.

        `format` is that of all files; by default the ending of a file tells its format. The first lines of standard
        input and of files with other endings tell whether they are CoNLL-U or text. Sentences of text, horizontal and
        vertical files get ``# sent_id`` and ``# text``, and the first of each file ``# newdoc id``, the name of the
        file. If there are several files, their sent_ids begin with the name.

        Raises ConfigError and FormatError; for a missing file, before anything is read.
        """
        able = ("without", "treebank", "language", "presplit", "expand")
        return self.reader(requested(request, asked, self.parts, "read", able)).read(paths, format)

    def reanalyze(
        self,
        gold: Document,
        *,
        raw: bool = False,
        wrap: int | None = None,
        treebank: str | None = None,
        language: str | None = None,
        given_predicates: bool = False,
    ) -> Document:
        """Annotates the words of gold data anew, to be scored against it.

        The pipeline sees the words without their annotation; but with their trees if a task reads trees and no part
        predicts them. With `raw`, it sees the plain raw text, with lines of at most `wrap` characters if given. If no
        part predicts trees, chains replace them, since the scorer needs trees. With `given_predicates`, it sees which
        words are predicates where gold has frames, but not their senses and arguments.
        """
        check_type(gold, Document, "gold", "a Document")
        trees = self.codec is not None and self.codec.needs_trees()
        asked: Asked = {"treebank": treebank, "language": language, "keep": PREDICATES if given_predicates else ()}
        annotate = partial(self.annotate_stream, **asked)
        segment = partial(self.segment, treebank=treebank, language=language) if raw else None
        return analysed_anew(gold, annotate, segment, wrap=wrap, trees=trees, predicates=given_predicates)

    def analyses(
        self,
        sentences: Iterable[Sentence],
        *,
        constraints: Iterable[Constraints | None] | None = None,
        request: Request | None = None,
        **asked: Unpack[Asked],
    ) -> Iterator[ParseAnalysis]:
        """The parser's analysis of each sentence, in order: probabilities of all arcs and relations, the best trees.

        Each is computed when it is needed. `keep` (of HEAD and DEPREL), `without`, `treebank`, `language` and
        `batch_words` may be asked.
        """
        able = ("keep", "without", "treebank", "language", "batch_words")
        request = requested(request, asked, self.parts, "analyses", able, constrained=True)
        refuse("analyses", [name for name in ("probabilities", "k_best") if name in request.asked], able)
        annotator = self._annotator(request)
        return annotator.all_analyses(annotator.marked(sentences), constraints)

    def _annotator(self, request: Request) -> Annotator:
        self._in_torch(if_lost=True)
        return Annotator(self.codec, self.scorer, request, self.languages)

    def reader(self, request: Request, *, by_rules: bool = False) -> InputReader:
        """What makes sentences of the inputs of such a request; with `by_rules`, rules split text."""
        self._in_torch(if_lost=True)
        segmenter = None if by_rules or SEGMENTER in request.without else self.segmenter
        choice = request.choice(self.languages)
        if isinstance(segmenter, OwnSegmenter):
            segmenter = segmenter.choosing(choice, self.languages)
        return InputReader(segmenter, request.presplit, request.expand, self.languages if choice.is_auto else None)
