"""``depparse parse``, which annotates files with a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depparse.cli.options import Device, Output, Precision, Runtime, Source, Target
from depparse.cli.printing import note
from depparse.errors import ConfigError
from depparse.files import name_of

if TYPE_CHECKING:
    from depparse.document.sentence import Sentence
    from depparse.formats.first_lines import InputFile
    from depparse.inference.pipeline import Pipeline
    from depparse.inference.request import Asked
    from depparse.shards.job import Summary


class Engine(StrEnum):
    """What runs the processes that share the work."""

    LOCAL = "local"
    RAY = "ray"


def parse(
    model: Annotated[
        str,
        typer.Option(
            "--model", "-m", metavar="MODEL", help="The name of a model such as en, a model's folder, or a hub id."
        ),
    ],
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILES", help="Texts or treebanks; by default standard input.")
    ] = None,
    source: Source = None,
    target: Target = None,
    output: Output = "-",
    outdir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write one file for each input, with its name, to this folder; or the shards of Ray."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            metavar="N",
            min=1,
            help="Number of processes that share the work, with one thread each; by default 1, or all cores of Ray.",
        ),
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(
            metavar="ENGINE",
            help="What runs the processes: local, this machine; or ray, a cluster, which writes shards to --outdir.",
        ),
    ] = Engine.LOCAL,
    shard_words: Annotated[
        int, typer.Option(metavar="N", min=1, help="Words of input for each shard of --engine ray, roughly.")
    ] = 100_000,
    presplit: Annotated[
        bool, typer.Option("--presplit", help="Each line of the text is a sentence; only find tokens.")
    ] = False,
    expand: Annotated[
        bool,
        typer.Option(
            "--expand", help="Find multiword tokens among the words of a file; of its columns, only MISC stays."
        ),
    ] = False,
    without: Annotated[
        str,
        typer.Option(
            metavar="PARTS", help="Parts to switch off, such as segmenter,lemmatizer; depparse info names them."
        ),
    ] = "",
    keep: Annotated[
        str,
        typer.Option(metavar="COLUMNS", help="Columns whose values stay, such as upos,head; only their _ is filled."),
    ] = "",
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Write HeadProb and LabelProb of each word to MISC.")
    ] = False,
    k_best: Annotated[
        int | None, typer.Option(metavar="K", min=1, help="Write the K best trees, each as a sentence with its rank.")
    ] = None,
    treebank: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Annotate as in this treebank, one that the model learned from."),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The language of the text, by name or code, for a model of several; auto, the default, finds that of "
            "each paragraph.",
        ),
    ] = None,
    device: Device = "cpu",
    runtime: Runtime = "auto",
    precision: Precision = "auto",
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Fetch a model USER/REPO from the Hugging Face hub if it is not there.")
    ] = False,
    revision: Annotated[
        str | None, typer.Option(metavar="NAME", help="Branch, tag or commit of a model on the hub.")
    ] = None,
) -> None:
    """Analyse raw text, or files that have words already: sentences, words, tags, lemmas, trees.

    The model's segmenter splits text; rules split it if there is no segmenter. Standard input and files of unknown
    endings are text unless they look like CoNLL-U.
    Other files keep their words, and all annotation that the model does not predict.

    Example: [green]depparse parse letter.txt --model en -o letter.conllu[/green]

    A sentence: [green]echo "Anna liked it." | depparse parse --model en | depparse show[/green]

    With four processes: [green]depparse parse *.txt --model runs/sequoia --workers 4 -o all.conllu[/green]

    One output for each input: [green]depparse parse letters/*.txt --model en --outdir parsed[/green]

    Complete the trees of a draft: [green]depparse parse draft.conllu --model en --keep head,deprel[/green]

    On many machines: [green]RAY_ADDRESS=auto depparse parse *.txt --model en --engine ray --outdir parsed[/green]
    """
    from depparse.cli.progress import progress
    from depparse.formats import table as formats
    from depparse.formats.first_lines import input_files
    from depparse.inference import memory
    from depparse.inference.load import load
    from depparse.inference.outputs import by_source
    from depparse.text.naming import output_files

    target = target or formats.guess_format(output, "conllu")
    formats.get_format(target)
    inputs = input_files(files or ["-"], source, unknown="text" if presplit else None)
    for file in inputs:
        if file.recognized and file.format == "text":
            note(f"note: {name_of(file.path)} is read as text; if it is not, say what it is: --from FORMAT")
    if outdir is not None and output != "-":
        raise ConfigError("--output writes all to one file and --outdir a file for each input; give one of them")
    asked: Asked = {
        "keep": keep,
        "without": without,
        "probabilities": probabilities,
        "k_best": k_best,
        "treebank": treebank,
        "language": language,
        "presplit": presplit,
        "expand": expand,
    }
    if engine == Engine.RAY:
        if outdir is None:
            raise ConfigError("--engine ray writes many files, the shards; name their folder by --outdir DIR")
        from depparse.shards.job import ShardJob
        from depparse.shards.work import ModelName
        from depparse.wrappers.ray_data import on_ray

        name = ModelName(model, device, fetch, revision, runtime, precision)
        with on_ray(workers) as execute:
            job = ShardJob(name, outdir, target, shard_words, **asked)
            _note_rules(job.pipeline, inputs)
            _note_shards(job.run(inputs, execute), outdir)
        return
    workers = workers or 1
    ending = next(iter(formats.get_format(target).extensions), f".{target}")
    outputs = [] if outdir is None else output_files([file.path for file in inputs], outdir, ending)
    if target == "parquet" and output == "-" and outdir is None:
        raise ConfigError("Parquet is written to a file; name it by --output FILE.parquet")
    memory.keep_blocks_on_heap()
    pipeline = load(model, device, runtime=runtime, precision=precision, fetch=fetch, revision=revision)
    _note_rules(pipeline, inputs)
    request = pipeline.request(**asked)
    noted = partial(_noting_void, columns=pipeline.void(request))
    if outdir is None:
        sentences = noted(pipeline.read(inputs, request=request))
        parsed = pipeline.annotate_stream(sentences, request=request, workers=workers)
        formats.write(progress(parsed, "sentences"), output, target)
        return
    outdir.mkdir(parents=True, exist_ok=True)
    read = partial(pipeline.read, request=request)
    annotate = partial(pipeline.annotate_each, request=request, workers=workers)
    by_file = by_source(inputs, read, lambda sentences: annotate(noted(progress(sentences, "sentences"))))
    for path, (_, parsed) in zip(outputs, by_file, strict=True):
        formats.write(parsed, path, target)


COMMAND = parse


def _noting_void(sentences: Iterable[Sentence], columns: Sequence[str]) -> Iterator[Sentence]:
    """The sentences. In the end it says on standard error which of their columns did not stay."""
    from depparse.document.annotations import annotated

    void = dict.fromkeys(columns, False)
    for sentence in sentences:
        for name in columns:
            void[name] = void[name] or annotated(sentence, (name,))
        yield sentence
    _note_void([name for name, is_void in void.items() if is_void])


def _note_void(columns: Sequence[str]) -> None:
    """Says on standard error which columns of the input did not stay."""
    if columns:
        names = ", ".join(columns)
        note(f"note: {names} of the input went with the old trees; --keep {names.lower()} lets it stay")


def _note_rules(pipeline: Pipeline, inputs: Sequence[InputFile]) -> None:
    """Says on standard error that rules split the text, if they do since the model has no segmenter."""
    if any(file.format == "text" for file in inputs) and pipeline.segmenter is None:
        note("note: the model has no segmenter, so rules split the text; multiword tokens stay whole")


def _note_shards(made: Summary, folder: Path) -> None:
    """Says on standard error what is in the folder."""
    _note_void(made.void)
    before = f", of which {made.kept} were there before" if made.kept else ""
    n = f"{len(made.shards)} {'shard' if len(made.shards) == 1 else 'shards'}"
    note(f"note: {folder} has {n}{before}: {made.sentences:,} sentences, {made.words:,} words")
