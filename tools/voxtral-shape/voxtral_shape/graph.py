"""Collects the nodes and constants of one ONNX graph."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .external_data import BLOCK, NONE, ExternalData
from .form import Form

OPSET = 21  # the first with 4-bit tensors
IR_VERSION = 10  # the oldest that may hold this opset
CONTRIB = "com.microsoft"
BOOL, FLOAT, FLOAT16 = TensorProto.BOOL, TensorProto.FLOAT, TensorProto.FLOAT16
INT32, INT64 = TensorProto.INT32, TensorProto.INT64


def tensor(name: str, kind: int, dimensions: Sequence[str | int]) -> onnx.ValueInfoProto:
    """An input or output; a dimension is a number, or a name when it varies."""
    return helper.make_tensor_value_info(name, kind, dimensions)


class Graph:
    """Nodes in the order of their making; every call gives the name of the new tensor."""

    def __init__(self, data: ExternalData, form: Form) -> None:
        """Weights go to `data`."""
        self.data, self.form = data, form
        # Of the tensors that pass between nodes.
        self.kind = FLOAT if form.numbers is np.float32 else FLOAT16
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: np.ndarray | np.generic) -> str:
        """A small constant inside the graph; one that is there already is not made again."""
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.array(value), name)
        return name

    def number(self, name: str, value: float) -> str:
        """One constant of the type that the graph computes in."""
        return self.constant(name, self.form.numbers(value))

    def entered(self, name: str) -> str:
        """A float32 input as the graph computes with it."""
        return name if self.kind == FLOAT else self.node("Cast", name, to=self.kind)

    def leave(self, x: str, output: str) -> None:
        """Gives a tensor as a float32 output."""
        if self.kind == FLOAT:
            self.nodes_with("Identity", [x], [output])
        else:
            self.nodes_with("Cast", [x], [output], to=FLOAT)

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
        """x [..., inputs] times a random matrix [outputs, inputs] transposed. States get about `gain` times as large."""
        return self.product_with(x, self.matrix(name, outputs, inputs, self.data, gain), outputs, inputs)

    def matrix(
        self,
        name: str,
        outputs: int,
        inputs: int,
        data: ExternalData,
        gain: float = 1,
        silent: np.ndarray | slice = NONE,
    ) -> list[onnx.TensorProto]:
        """The tensors of a random matrix in a file of choice. Silent rows give 0."""
        deviation = gain * inputs**-0.5
        if not self.form.has_blocks:
            return [data.matrix(f"{name}.weight_transposed", (inputs, outputs), deviation, silent)]
        blocks = inputs // BLOCK
        values = data.nibbles(f"{name}.weight_Q4", (outputs, blocks, BLOCK // 2), outputs * inputs)
        return [values, data.scales(f"{name}.weight_scales", (outputs, blocks), deviation, silent)]

    def product_with(self, x: str, matrix: list[onnx.TensorProto], outputs: int, inputs: int) -> str:
        """x [..., inputs] times that matrix."""
        names = [self.weight(tensor) for tensor in matrix]
        if not self.form.has_blocks:
            return self.node("MatMul", x, *names)
        options = {"K": inputs, "N": outputs, "bits": 4, "block_size": BLOCK}
        return self.node("MatMulNBits", x, *names, domain=CONTRIB, **options)

    def save(self, path: Path, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> None:
        graph = helper.make_graph(self.nodes, path.stem, inputs, outputs, list(self.constants.values()))
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="voxtral_shape")
        path.write_bytes(model.SerializeToString())
