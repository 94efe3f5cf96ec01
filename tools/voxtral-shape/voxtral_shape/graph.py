"""Collects the nodes and constants of one ONNX graph."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .external_data import BLOCK, ExternalData

OPSET = 21  # the first with 4-bit tensors
IR_VERSION = 10  # the oldest that may hold this opset
CONTRIB = "com.microsoft"
BOOL, FLOAT, INT32, INT64 = TensorProto.BOOL, TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64


def tensor(name: str, kind: int, dimensions: Sequence[str | int]) -> onnx.ValueInfoProto:
    """An input or output; a dimension is a number, or a name when it varies."""
    return helper.make_tensor_value_info(name, kind, dimensions)


class Graph:
    """Nodes in the order of their making; every call gives the name of the new tensor."""

    def __init__(self, data: ExternalData) -> None:
        """Weights go to `data`."""
        self.data = data
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: np.ndarray | np.generic) -> str:
        """A small constant inside the graph; one that is there already is not made again."""
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.array(value), name)
        return name

    def integers(self, *values: int) -> str:
        """A list of int64 constants."""
        return self.constant("integers_" + "_".join(map(str, values)), np.array(values, np.int64))

    def integer(self, value: int) -> str:
        """One int64 constant without dimensions."""
        return self.constant(f"integer_{value}", np.int64(value))

    def weight(self, tensor: onnx.TensorProto) -> str:
        """A tensor in a data file."""
        self.constants[tensor.name] = tensor
        return tensor.name

    def nodes_with(self, kind: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: object) -> None:
        """A node whose outputs get the names given; the name "" leaves out an optional input or output."""
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=name, domain=domain, **attributes))

    def node(self, kind: str, *inputs: str, domain: str = "", **attributes: object) -> str:
        """A node with one output."""
        output = f"{kind}_{len(self.nodes)}_out"
        self.nodes_with(kind, list(inputs), [output], domain, **attributes)
        return output

    def product(self, x: str, name: str, outputs: int, inputs: int, gain: float = 1) -> str:
        """x [..., inputs] times a random 4-bit matrix [outputs, inputs] transposed. States get about `gain` times as large."""
        return self.block_product(x, name, outputs, inputs, self.data, gain)

    def block_product(
        self, x: str, name: str, outputs: int, inputs: int, data: ExternalData, gain: float = 1, silent_rows: int = 0
    ) -> str:
        """The same with the weights in a file of choice: symmetric, in blocks of 32 with float32 scales. The first rows of the
        matrix may be silent: they give 0."""
        blocks = inputs // BLOCK
        values = data.nibbles(f"{name}.weight_Q4", (outputs, blocks, BLOCK // 2), outputs * inputs)
        scales = data.scales(f"{name}.weight_scales", (outputs, blocks), gain * inputs**-0.5, silent_rows)
        options = {"K": inputs, "N": outputs, "bits": 4, "block_size": BLOCK}
        return self.node("MatMulNBits", x, self.weight(values), self.weight(scales), domain=CONTRIB, **options)

    def save(self, path: Path, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> None:
        graph = helper.make_graph(self.nodes, path.stem, inputs, outputs, list(self.constants.values()))
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="voxtral_shape")
        path.write_bytes(model.SerializeToString())
