"""Parsing on the processors, GPUs or machines of a Ray cluster, by Ray Data.

`parse_files` parses files to shards (`depparse.shards`), and `annotate` the rows of a `ray.data.Dataset`. Both use a
pool of processes with one model each. If a process or a machine goes, others do its work. All machines need depparse
in the same version, and must see the input, the model and the output at the same paths. If no cluster is named, by
``ray.init`` or by ``RAY_ADDRESS``, one is started on this machine, which listens on no network.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Unpack

from depparse.arguments import check_number
from depparse.errors import ConfigError, DepparseError
from depparse.formats.first_lines import InputPath, input_files
from depparse.inference.load import Options
from depparse.inference.workers import use_one_thread
from depparse.libraries import library
from depparse.shards.job import WORDS, Execute, ShardJob, Summary
from depparse.shards.sections import Section
from depparse.shards.work import ModelName, Result, Task, Work, Worker
from depparse.wrappers.rows import Rows

if TYPE_CHECKING:
    import pyarrow
    import ray.data

_STORE = 100 * 2**20  # bytes of shared memory for a cluster on this machine; only names and numbers pass through it
# Ray takes the address of the network card on Linux, and loopback on other systems. This has it take loopback on all.
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
_ROWS = 256  # of a Dataset, that are annotated together


def parse_files(
    paths: InputPath | Sequence[InputPath],
    model: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    from_format: str | None = None,
    format: str = "conllu",
    words: int = WORDS,
    workers: int | None = None,
    **options: Unpack[Options],
) -> Summary:
    """Parses files to shards in a folder, on Ray. Shards that are finished there are not made again.

    `from_format` is that of the input, `format` that of the shards (``conllu`` or ``parquet``). Each shard is made from
    about `words` words. `workers` is the largest number of processes, by default one for each core or, on the device
    ``cuda``, for each GPU. The `options` are `device`, `runtime`, `precision`, `fetch`, `revision` of `depparse.load`
    and those of `depparse.Request`; for the rest see `ShardJob`.

    Raises ConfigError, ModelError, FormatError; and DepparseError if a shard could not be made.
    """
    source, asked = ModelName.of(model, options)
    files = input_files(paths, from_format, unknown="text" if asked.get("presplit") else None)
    with on_ray(workers) as execute:
        job = ShardJob(source, folder, format, words, **asked)
        return job.run(files, execute)


@contextlib.contextmanager
def on_ray(workers: int | None = None) -> Iterator[Execute]:
    """A function for `ShardJob.run` that does tasks on Ray, by up to so many processes; see `parse_files`.

    Ray is started with the first tasks, and ends with the block. Raises ConfigError if it is not installed.
    """
    if workers is not None:
        check_number(workers, "workers", "processes")
    ray = _ray()
    connected = ray.is_initialized()

    def execute(work: Work, tasks: Sequence[Task]) -> Iterator[Result]:
        if not tasks:
            return
        if not ray.is_initialized():
            _start(ray, workers)
        rows = [{"number": number, "task": json.dumps(asdict(task))} for number, task in enumerate(tasks)]
        dataset = ray.data.from_items(rows, override_num_blocks=len(rows))
        pool = _pool(workers, work.model.device)
        for row in dataset.map_batches(_ShardWriter, fn_constructor_args=(work,), batch_size=1, **pool).iter_rows():
            result = json.loads(row["result"])
            yield Result(**result | {"void": tuple(result["void"])})

    try:
        yield execute
    except ray.exceptions.RayError as error:
        raise _gave_up(error) from error
    finally:
        if not connected:
            ray.shutdown()


class _ShardWriter:
    """A process of the pool, which does tasks."""

    def __init__(self, work: Work) -> None:
        _prepare_process()
        self._worker = Worker(work)

    def __call__(self, rows: dict[str, Any]) -> dict[str, list[str]]:
        """The results of the tasks in the rows, as JSON."""
        results = []
        for number, text in zip(rows["number"], rows["task"], strict=True):
            task = json.loads(text)
            sections = tuple(Section(**section) for section in task["sections"])
            result = self._worker(int(number), Task(sections, task["shard"]))
            results.append(json.dumps(asdict(result)))
        return {"result": results}


def annotate(
    dataset: ray.data.Dataset,
    model: str | os.PathLike[str] = "en",
    *,
    text: str = "text",
    name: str | None = None,
    rows: int = _ROWS,
    workers: int | None = None,
    **options: Unpack[Options],
) -> ray.data.Dataset:
    """A `ray.data.Dataset` with a row for each sentence, in the fields of `depparse.formats.arrow`, in order.

    Each row of `dataset` is a text in the column `text`, or a sentence in the fields of `depparse.formats.arrow`. The
    column `name` has the name of each text, for ``# newdoc id`` and in front of the sent_ids. Up to `rows` rows are
    annotated together. Nothing is done before the rows are asked for, and nothing is kept: ``write_parquet`` writes
    them. The other arguments are those of `parse_files`; but one core is left to what reads and writes the rows.

    Raises ConfigError and ModelError; when rows are asked for, Ray raises the errors of the input.
    """
    check_number(rows, "rows", "rows")
    source, asked = ModelName.of(model, options)
    source = source.absolute()
    pipeline = (source if source.device == "cpu" else replace(source, device="cpu", runtime="auto")).load()
    how = Rows(pipeline.request(**asked), text, name)
    how.check(pipeline, dataset.columns() or [])
    arguments = (source.alike(pipeline), how)
    pool = _pool(workers, source.device, spare=1)
    result = dataset.map_batches(
        _Annotator, fn_constructor_args=arguments, batch_size=rows, batch_format="pyarrow", **pool
    )
    result.context.execution_options.preserve_order = True
    return result


class _Annotator:
    """A process of the pool, which annotates rows."""

    def __init__(self, model: ModelName, how: Rows) -> None:
        _prepare_process()
        self._pipeline, self._rows = model.load(), how

    def __call__(self, table: pyarrow.Table) -> pyarrow.Table:
        """The annotated sentences of the rows."""
        return self._rows.annotated(self._pipeline, table)


# -- Ray


def _ray() -> Any:
    """The module ray, which starts clusters on loopback unless an address is given. Raises ConfigError without it."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if not os.environ.get("RAY_ADDRESS"):
        os.environ.update(_LOOPBACK)
    library("ray.data")
    return library("ray")


def _start(ray: Any, workers: int | None) -> None:
    """Connects to the cluster of ``RAY_ADDRESS``, or starts one on this machine."""
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address := os.environ.get("RAY_ADDRESS"):
            ray.init(address, **quiet)
        else:
            ray.init("local", num_cpus=workers, include_dashboard=False, object_store_memory=_STORE, **quiet)
            _check_loopback(ray)
    except DepparseError:
        raise
    except Exception as error:  # if a machine is too slow, Ray raises a bare Exception
        raise _gave_up(error) from error
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    ray.data.DataContext.get_current().enable_progress_bars = False


def _gave_up(error: Exception) -> DepparseError:
    """The error of Ray as a line, the last one that it has."""
    reason = next((line for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)
    return DepparseError(f"Ray gave up: {reason}")


def _check_loopback(ray: Any) -> None:
    """Raises ConfigError if the cluster that was just started listens on a network."""
    address = ray.util.get_node_ip_address()
    if not ipaddress.ip_address(address).is_loopback:
        ray.shutdown()
        raise ConfigError(
            f"Ray was imported before and would listen on {address}; start it yourself, by ray.init or RAY_ADDRESS"
        )


def _pool(workers: int | None, device: str, spare: int = 0) -> dict[str, Any]:
    """The arguments of `map_batches` for a pool of processes with one core each and, on cuda, one GPU.

    There are at most `workers`, by default as many as the cluster has cores, `spare` ones aside, or GPUs. Raises
    ConfigError if it has none.
    """
    ray = _ray()
    gpu = device.partition(":")[0] == "cuda"
    resources = ray.cluster_resources()
    cores, gpus = int(resources.get("CPU", 0)) - spare, int(resources.get("GPU", 0))
    n = workers or (gpus if gpu else cores)
    if n < 1:
        lacking = "GPU" if gpu else f"{spare + 1} cores"
        raise ConfigError(f"the Ray cluster lacks {lacking}; to wait for more, say for how many processes (workers)")
    if spare:
        n = min(n, max(1, cores))
    # With two tasks at each process, it need not wait for the next one. A pool that may shrink to one process can give
    # the place of an idle one to one whose machine is gone.
    strategy = ray.data.ActorPoolStrategy(min_size=1, max_size=n, initial_size=n, max_tasks_in_flight_per_actor=2)
    return {"compute": strategy, "num_cpus": 1, "num_gpus": 1 if gpu else None}


def _prepare_process() -> None:
    """Limits this process to one thread, and keeps the heap small over a long job."""
    from depparse.inference import memory

    use_one_thread()
    memory.keep_blocks_on_heap()
