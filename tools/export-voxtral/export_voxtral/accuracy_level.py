"""Has 4-bit products compute with other activations."""

from pathlib import Path

import onnx
from onnx import external_data_helper, helper


def with_accuracy_level(decoder: Path, level: int, work: Path) -> Path:
    """Writes a copy of the graph into `work` whose `MatMulNBits` have this `accuracy_level`, beside links to its weights.

    Raises ValueError when the graph has no such product.
    """
    model = onnx.load(decoder, load_external_data=False)
    products = [node for node in model.graph.node if node.op_type == "MatMulNBits"]
    if not products:
        raise ValueError(f"{decoder} has no MatMulNBits whose accuracy level could be set")
    for node in products:
        kept = [attribute for attribute in node.attribute if attribute.name != "accuracy_level"]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute("accuracy_level", level)])
    for location in {_location(tensor) for tensor in model.graph.initializer if external_data_helper.uses_external_data(tensor)}:
        (work / location).symlink_to((decoder.parent / location).resolve())
    copy = work / decoder.name
    onnx.save(model, copy)
    return copy


def _location(tensor: onnx.TensorProto) -> str:
    return external_data_helper.ExternalDataInfo(tensor).location
