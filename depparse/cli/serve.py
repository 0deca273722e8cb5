"""``depparse serve``, which answers requests over HTTP."""

from __future__ import annotations

import logging
import os
import sys
from functools import partial
from typing import Annotated

import typer

from depparse.cli.options import Device, Precision, Runtime
from depparse.cli.printing import note
from depparse.errors import ConfigError


def serve(
    model: Annotated[
        list[str],
        typer.Option(
            "--model",
            "-m",
            metavar="MODEL",
            help="The name of a model such as en, a model's folder, or NAME=FOLDER. May be given several times; the "
            "first one is the default.",
        ),
    ],
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; 0.0.0.0 is open to other machines.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="The port; 0 is any free one.")] = 8001,
    threads: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Threads that compute; by default as many as cores, but at most 4."),
    ] = None,
    max_characters: Annotated[
        int, typer.Option(metavar="N", min=1, help="The most characters in a request.")
    ] = 1_000_000,
    max_words: Annotated[int, typer.Option(metavar="N", min=1, help="The most words in a request.")] = 100_000,
    max_sentence: Annotated[
        int, typer.Option(metavar="N", min=1, help="The most words in a sentence; memory grows with their square.")
    ] = 1000,
    timeout: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", min=0.001, help="In which a request must arrive, and then be answered, or be given up."
        ),
    ] = 60,
    queue: Annotated[
        int, typer.Option(metavar="N", min=1, help="The most requests that wait; further ones are told to come again.")
    ] = 256,
    cors: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN", help="Let pages of this origin, such as https://example.org, call the server; or *."
        ),
    ] = None,
    device: Device = "cpu",
    runtime: Runtime = "auto",
    precision: Precision = "auto",
    log: Annotated[
        str, typer.Option(metavar="LEVEL", help="info logs each request without its content; warning, only faults.")
    ] = "warning",
) -> None:
    """Serve models over HTTP: UDPipe's REST API, a JSON API with a reference at /docs, and /metrics.

    Requests of all clients share batches, which changes no analysis. SIGTERM ends the server after it has answered what
    it had begun. Only programs on this machine reach it, unless --host says otherwise.

    Example: [green]depparse serve --model en[/green], then
    [green]curl -F data=@letter.txt -F tokenizer= -F tagger= -F parser= http://127.0.0.1:8001/process[/green]

    Several models: [green]depparse serve --model en --model french=runs/sequoia --port 8080[/green]
    """
    if log not in ("info", "warning", "error"):
        raise ConfigError(f"--log is info, warning or error, not {log!r}")
    from depparse.inference.machine import Processor, environment_of_threads

    threads = threads or min(4, Processor.here().cores)
    os.environ.update(environment_of_threads(threads))  # before anything is imported that reads it
    from depparse.inference import memory
    from depparse.inference.load import load
    from depparse.server.limits import Limits
    from depparse.server.models import load_all
    from depparse.server.run import Server, address_of, bind, log_to

    limits = Limits(max_characters, max_words, max_sentence, seconds=timeout, waiting=queue)
    bound = bind(host, port)
    log_to(logging.StreamHandler(sys.stderr), log)
    memory.keep_blocks_on_heap()
    models = load_all(model, partial(load, device=device, runtime=runtime, precision=precision))
    note(f"depparse serves {', '.join(models.all)} at {address_of(bound)}; the reference is at /docs")
    Server(models, limits, cors or (), say=note).run([bound])


COMMAND = serve
