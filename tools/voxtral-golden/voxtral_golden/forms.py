"""Writes the graphs of a model in all its forms: float32, float16, int8, 4 bits, and 4 bits with float16."""

from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import torch
from onnx.external_data_helper import set_external_data
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from transformers import VoxtralForConditionalGeneration

from .export_graphs import AUDIO_ENCODER, DECODER, EMBED_TOKENS, export_graphs
from .optimised_decoder import optimised_decoder
from .shape import BLOCK, FP16, Q4, Q4F16, Q8, SUFFIXES, Shape

# Smaller constants stay in the graph.
EXTERNAL_BYTES = 1_024
GRAPHS = (AUDIO_ENCODER, EMBED_TOKENS, DECODER)


def write_forms(model: VoxtralForConditionalGeneration, shape: Shape, folder: Path) -> None:
    """Writes the three graphs in every form of `shape` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for graph in GRAPHS:
        for old in folder.glob(f"{graph}*"):
            old.unlink()
    if shape.has_optimised_form:
        _save(_four_bits(optimised_decoder(model, shape), DECODER), folder / f"{DECODER}_q4gqa.onnx", 0)
    with TemporaryDirectory() as work:
        for form in shape.forms:
            number = torch.float16 if form in (FP16, Q4F16) else torch.float32
            ends = torch.float16 if form == FP16 else torch.float32
            export_graphs(model, number, ends, Path(work))
            for graph in GRAPHS:
                files = shape.data_files.get(form, 0) if graph == DECODER else 0
                _save(_form(Path(work) / f"{graph}.onnx", graph, form), folder / f"{graph}{SUFFIXES[form]}.onnx", files)


def _form(path: Path, graph: str, form: str) -> onnx.ModelProto:
    if form == Q8:
        return _int8(path, graph)
    model = onnx.load(path)
    _share_constants(model)
    return _four_bits(model, graph) if form in (Q4, Q4F16) else model


def _int8(path: Path, graph: str) -> onnx.ModelProto:
    """Dynamic int8. Weights of 7 bits: with 8 the sums of two products saturate on processors without VNNI."""
    target = path.with_name(f"{path.stem}_int8.onnx")
    kinds = ["Gather"] if graph == EMBED_TOKENS else ["MatMul"]
    quantize_dynamic(path, target, kinds, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)
    model = onnx.load(target)
    target.unlink()
    _share_constants(model)
    return model


def _share_constants(model: onnx.ModelProto) -> None:
    """Keeps one of all equal `Constant` nodes: they are a third of the nodes of so small a graph."""
    first: dict[bytes, str] = {}
    shared: dict[str, str] = {}
    kept = []
    for node in model.graph.node:
        if node.op_type == "Constant":
            name = first.setdefault(node.attribute[0].SerializeToString(deterministic=True), node.output[0])
            if name != node.output[0]:
                shared[node.output[0]] = name
                continue
        kept.append(node)
    for node in kept:
        node.input[:] = [shared.get(name, name) for name in node.input]
    del model.graph.node[:]
    model.graph.node.extend(kept)


def _four_bits(model: onnx.ModelProto, graph: str) -> onnx.ModelProto:
    """Symmetric, a scale for every 32 weights; `MatMulNBits`, and `GatherBlockQuantized` for the embedding."""
    kinds = ("Gather",) if graph == EMBED_TOKENS else ("MatMul",)
    quantizer = MatMulNBitsQuantizer(model, block_size=BLOCK, is_symmetric=True, op_types_to_quantize=kinds)
    quantizer.process()
    return quantizer.model.model


def _save(model: onnx.ModelProto, path: Path, data_files: int) -> None:
    """The weights go beside the graph, in `data_files` files: `NAME.onnx_data`, and `…_data_1` with those of the last product."""
    last = _last_product(model) if data_files > 1 else set()
    for tensor in model.graph.initializer:
        if data_files > 0 and len(tensor.raw_data) >= EXTERNAL_BYTES:
            number = "_1" if tensor.name in last else ""
            set_external_data(tensor, location=f"{path.name}_data{number}")
    onnx.save_model(model, path)
    for file in path.parent.glob(f"{path.name}*"):
        file.chmod(0o644)


def _last_product(model: onnx.ModelProto) -> set[str]:
    """The names of the weights that make the logits."""
    weights = {tensor.name for tensor in model.graph.initializer}
    made_by = {name: node for node in model.graph.node for name in node.output}
    name = "logits"
    while not weights & set(made_by[name].input):
        name = made_by[name].input[0]
    return weights & set(made_by[name].input)
