"""Loading of a model by its name, as a pipeline."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from types import NoneType
from typing import TYPE_CHECKING, Never, TypedDict, cast

from depparse import __version__
from depparse.arguments import check_path, check_type
from depparse.errors import ConfigError
from depparse.inference.networks import InTorch
from depparse.inference.parts import SEGMENTER
from depparse.inference.pipeline import Pipeline
from depparse.inference.request import Asked, hint
from depparse.layers.stored import PRECISIONS, NoGraph
from depparse.model.codec import ModelCodec
from depparse.model_folder.contents import Contents, explained, read_card, read_contents, read_facts
from depparse.model_folder.facts import Origin, Packing
from depparse.model_folder.find import find
from depparse.segmentation.segmenter import Segmenter

if TYPE_CHECKING:
    import torch

    from depparse.layers.stored import Precision
    from depparse.model.model import Model

RUNTIME_VARIABLE = "DEPPARSE_RUNTIME"  # of the environment: the runtime where none is asked for
RUNTIMES = ("auto", "torch", "openvino")


class Loading(TypedDict, total=False):
    """The keywords by which all wrappers load a model; `load` says what each means."""

    device: str
    runtime: str
    precision: str
    fetch: bool
    revision: str | None


class Options(Loading, Asked, total=False):
    """The keywords of functions that load a model and ask it: those of `load` and those of a `Request`."""


def is_loading(name: str) -> bool:
    """Whether a keyword is one of `Loading`."""
    return name in Loading.__annotations__


def load(
    name: str | os.PathLike[str],
    device: str | torch.device = "cpu",
    *,
    runtime: str = "auto",
    precision: str = "auto",
    without: str | Collection[str] = (),
    fetch: bool = False,
    revision: str | None = None,
    **unknown: Never,
) -> Pipeline:
    """The pipeline called `name`, on a device of torch such as ``cuda``. Parts in `without` are left out for good.

    `name` is that of a bundled model (``en``), the folder of a model or of the run that made it, that of a model in an
    installed package (``depparse info`` lists them), or an id on the Hugging Face hub (``user/repo``). A model of the
    hub must have been fetched before, or is fetched if `fetch` is true, at `revision`. A bundled model is preferred to
    a folder of the same name; call that folder ``./en``.

    `runtime` is the library that computes the networks: OpenVINO, which is faster, or torch. By default it is OpenVINO,
    unless the encoder has a part that only torch computes, or the device is not the processor; or it is the one that
    the environment names in ``DEPPARSE_RUNTIME``.

    `precision` is that of OpenVINO: ``fp32`` computes what torch computes; ``bf16`` and ``int8`` are faster and decide
    some words in a thousand otherwise. By default it is ``fp32`` for a model whose weights are stored in full
    (float32), and for others, whose weights have been rounded, the fastest of which this processor is capable.

    Raises ModelError and ConfigError.
    """
    for keyword in unknown:
        names = ("device", "runtime", "precision", "without", "fetch", "revision")
        raise ConfigError(f"load has no argument {keyword!r}; {hint(keyword, names)}")
    check_path(name, "the name of a model")
    torch_device = getattr(sys.modules.get("torch"), "device", str)
    check_type(device, (str, torch_device), "device", "the name of a device, such as 'cpu' or 'cuda'")
    check_type(revision, (str, NoneType), "revision", "a branch, tag or commit, as text")
    asked = runtime == "auto" and os.environ.get(RUNTIME_VARIABLE)
    runtime = asked or runtime
    choices = (
        (RUNTIME_VARIABLE if asked else "runtime", runtime, RUNTIMES),
        ("precision", precision, ("auto", *PRECISIONS)),
    )
    for what, value, choice in choices:
        if value not in choice:
            raise ConfigError(f"{what} is one of {', '.join(choice)}, not {value!r}")
    folder = find(name, fetch=fetch, revision=revision)
    contents = read_contents(folder)
    stored_parts = contents.parts
    pipeline = None
    if runtime != "torch":
        pipeline = _by_openvino(contents, str(device), runtime == "openvino", precision, without)
    if pipeline is None:
        if precision not in ("auto", "fp32"):
            raise ConfigError(f"torch computes in fp32 here; precision {precision!r} needs the runtime openvino")
        pipeline = _by_torch(contents, device, without)
    pipeline.card, pipeline.facts = read_card(folder), read_facts(folder)
    if left_out := [part for part in stored_parts if part not in pipeline.parts]:
        # The card tells of parts that are not there; the next one is made of the facts when the model is saved.
        pipeline.card, pipeline.facts = "", pipeline.facts.without_parts(left_out, _packing(name, contents, pipeline))
    return pipeline


def _packing(name: str | os.PathLike[str], contents: Contents, pipeline: Pipeline) -> Packing:
    """What is left of the model called `name`. The weights are those in the folder, until it is saved again."""
    origin = Origin.of(name, contents.folder)
    prefixes = tuple(f"{part}." if part == SEGMENTER else f"tasks.{part}." for part in pipeline.parts)
    sizes = [
        array.nbytes
        for key, array in contents.stored.items()
        if not key.startswith(("tasks.", f"{SEGMENTER}.")) or key.startswith(prefixes)
    ]
    return Packing(
        depparse=__version__,
        model=origin if pipeline.codec is not None else None,
        segmenter=origin if pipeline.segmenter is not None else None,
        weights=contents.weights,
        size=sum(sizes),
    )


def _by_openvino(
    contents: Contents, device: str, demanded: bool, precision: str, without: str | Collection[str]
) -> Pipeline | None:
    """The pipeline, computed by OpenVINO; None if it cannot be and is not `demanded`, else raises ConfigError."""
    if device != "cpu":
        if demanded:
            raise ConfigError(f"the runtime openvino computes on the device 'cpu', not on {device!r}")
        return None
    try:
        from depparse.runtimes.openvino import OpenVinoScorer, OpenVinoSegmenterScorer
    except ImportError as error:
        if (error.name or "").startswith("depparse"):
            raise
        if demanded:
            missing = isinstance(error, ModuleNotFoundError) and error.name == "openvino"
            reason = "is not installed; run: pip install openvino" if missing else f"cannot be imported: {error}"
            raise ConfigError(f"the runtime openvino {reason}") from None
        return None
    chosen = _precision(precision, contents.is_rounded)
    try:
        scorer, segmenter, codec = None, None, contents.codec
        if contents.segmenter_codec is not None and contents.segmenter_config is not None:
            arguments = contents.segmenter_config, contents.segmenter_codec, contents.stored
            segmenter = Segmenter(contents.segmenter_codec, OpenVinoSegmenterScorer(*arguments))
        if codec is not None and contents.config is not None:
            scorer = OpenVinoScorer(contents.config, codec, contents.stored, chosen)
    except NoGraph as error:
        if demanded:
            raise ConfigError(f"{contents.folder}: {error}; load it with runtime='torch'") from None
        return None
    except Exception:
        if demanded:
            with explained(contents.folder):
                raise
        return None  # what is wrong with the folder, if anything is, torch will tell
    off = Pipeline(codec, segmenter=segmenter, scorer=scorer).request(without=without).without
    if off and codec is not None:
        kept = {name: task for name, task in codec.tasks.items() if name not in off}
        codec = ModelCodec(codec.encoder, kept, codec.treebanks) if kept else None
    segmenter = None if SEGMENTER in off else segmenter
    in_torch = InTorch(lambda: _parts(contents, "cpu", off), segmenter)
    return Pipeline(codec, segmenter=segmenter, scorer=scorer, in_torch=in_torch)


def _precision(asked: str, is_rounded: bool) -> Precision:
    """The precision to compute in. Raises ConfigError if this processor does not compute in the one asked for.

    By default OpenVINO is not started, so that a process that has only loaded a model may still be forked.
    """
    from depparse.inference.machine import Processor
    from depparse.layers.graph import computes_in

    if asked != "auto":
        precision = cast("Precision", asked)
        if not computes_in(precision):
            raise ConfigError(f"this processor does not compute in {precision}; take precision fp32")
        return precision
    if not is_rounded:
        return "fp32"
    flags = set(Processor.here().flags)
    if not flags:  # another system than Linux
        return "int8" if computes_in("int8") else "fp32"
    # Only processors with a unit for matrices (AMX) are faster in bf16 than in int8.
    return "bf16" if "amx_bf16" in flags else "int8" if flags & {"avx512_vnni", "avx_vnni"} else "fp32"


def _by_torch(contents: Contents, device: str | torch.device, without: str | Collection[str]) -> Pipeline:
    """The pipeline, computed by torch."""
    model, segmenter = _parts(contents, device, ())
    off = Pipeline(model, segmenter=segmenter).request(without=without).without
    return Pipeline(_without(model, off), segmenter=None if SEGMENTER in off else segmenter)


def _parts(
    contents: Contents, device: str | torch.device, off: Collection[str]
) -> tuple[Model | None, Segmenter | None]:
    """The model and the segmenter in torch, without the parts in `off`."""
    from depparse.model_folder.store import parts_of

    try:
        parts = parts_of(contents).to(device)
    except (RuntimeError, AssertionError) as error:  # torch raises these for devices that it does not have
        reason = str(error).splitlines()[0]
        hint = "depparse doctor names the devices of this machine"
        raise ConfigError(f"the model cannot be put on the device {str(device)!r}: {reason}; {hint}") from None
    return _without(parts.model, off), None if SEGMENTER in off else parts.segmenter


def _without(model: Model | None, off: Collection[str]) -> Model | None:
    """The model without these tasks; None if no task is left."""
    if model is None or set(off).issuperset(model.tasks):
        return None
    model.leave_out([name for name in off if name in model.tasks])
    return model
