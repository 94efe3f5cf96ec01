"""Writes the classifier as an int8 ONNX graph of fused operators.

Weights have 8 bits and one scale per output column, word embeddings 8 bits and one scale per row. Activations are quantised
while the model runs, each token by its own largest value, to 8 bits. So a text's scores do not depend on the texts or the
padding beside it in a batch, as they would with one scale per tensor.

Activations are unsigned and weights signed: the pair that processors with VNNI multiply in one instruction. Processors
without it add the products of neighbouring pairs in 16 bits, which 8 bits on both sides can overflow, so that scores would
differ between machines. So no two weights of a pair add up to more than 128: 255 × 128 fits. What rounding a weight and
lowering a pair cost is made up for by the weights that are still to be rounded (GPTQ, Frantar et al. 2023), and what remains of
it in a layer's mean output by its bias.

The graph computes what `CamembertForSequenceClassification` computes, the classification head in float32.
Inputs `input_ids` and `attention_mask`, int64 [batch, length]; output `logits`, float32 [batch, 2].
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file
from transformers import CamembertConfig

from .smooth import Inputs, factors, layer_inputs

OPSET = 18
IR_VERSION = 8  # the oldest that may hold this opset
CONTRIB = "com.microsoft"
INT8_LIMIT = 127
PAIR_LIMIT = 128  # 255 × 128 ≤ 32767 < 255 × 129
# The largest weight of a column: 64 would leave no pair too large, 127 would round least.
COLUMN_LIMIT = 90
DAMPING = 0.01  # added to the inputs' variances, as a share of their mean, so that few texts do not rule
UINT8_ZERO = 128
# GELU gives nothing below -0.17: most of the range goes to what is above zero, once a token's largest value is this large.
GELU_ZERO = 32
GELU_LIMIT = 223
GELU_SMALLEST = 0.17 * GELU_LIMIT / GELU_ZERO


def scale_rows(values: np.ndarray, limit: int = INT8_LIMIT) -> tuple[np.ndarray, np.ndarray]:
    """int8 values [rows, columns] within ±`limit` and float32 scales [rows, 1], such that their product is near `values`."""
    scales = np.abs(values).max(axis=1, keepdims=True).astype(np.float32) / limit
    scales[scales == 0] = 1
    return np.rint(values / scales).astype(np.int8), scales


def round_weights(matrix: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `scale_rows` for `matrix` [outputs, inputs], without a pair that could overflow.

    Column after column is rounded, and the columns to come take over the error as far as the inputs' `covariance` lets them.
    """
    damped = covariance + DAMPING * np.diag(covariance).mean() * np.eye(len(covariance))
    upper = np.linalg.cholesky(np.linalg.inv(damped)).T.astype(np.float32)
    scales = np.abs(matrix).max(axis=1).astype(np.float32) / COLUMN_LIMIT
    left, values = matrix.astype(np.float32), np.zeros(matrix.shape, np.int8)
    for column in range(matrix.shape[1]):
        partner = values[:, column - 1].astype(np.int16) if column % 2 else np.zeros(len(matrix), np.int16)
        lowest, highest = np.maximum(-PAIR_LIMIT - partner, -INT8_LIMIT), np.minimum(PAIR_LIMIT - partner, INT8_LIMIT)
        values[:, column] = np.clip(np.rint(left[:, column] / scales), lowest, highest)
        error = (left[:, column] - values[:, column] * scales) / upper[column, column]
        left[:, column + 1 :] -= np.outer(error, upper[column, column + 1 :])
    return values, scales[:, None]


class _Graph:
    """Collects nodes and constants; every call gives the name of the new tensor."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def nodes_with(self, kind: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: object) -> None:
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=name, domain=domain, **attributes))

    def node(self, kind: str, *inputs: str, domain: str = "", **attributes: object) -> str:
        output = f"{kind}_{len(self.nodes)}_out"
        self.nodes_with(kind, list(inputs), [output], domain, **attributes)
        return output


class _Writer:
    """Writes one classifier; tensors that pass between layers are float32 [batch, length, hidden]."""

    def __init__(self, weights: dict[str, np.ndarray], config: CamembertConfig, inputs: dict[str, Inputs]) -> None:
        self.weights, self.config, self.inputs, self.graph = weights, config, inputs, _Graph()
        self.lost: dict[str, np.ndarray] = {}
        self.one = self.graph.constant("one", np.float32(1))
        self.last_axis = self.graph.constant("last_axis", np.array([-1], np.int64))

    def weight(self, name: str) -> str:
        """A float32 constant of the checkpoint."""
        return self.graph.constant(name, self.weights[name])

    def bias(self, name: str) -> str:
        """The bias of a layer, with what rounding its weights takes off its mean output."""
        return self.graph.constant(f"{name}.bias", self.weights[f"{name}.bias"] + self.lost[name])

    def quantised(self, x: str, largest: str, limit: int, zero: int) -> tuple[str, str, str]:
        """uint8 activations, their zero point, and the float32 scale of each token [batch, length, 1].

        `largest` [batch, length, 1] becomes `limit` above the zero point.
        """
        node, constant = self.graph.node, self.graph.constant
        spread = node("Mul", x, node("Div", constant(f"limit_{limit}", np.float32(limit)), largest))
        zero_point = constant(f"zero_{zero}", np.uint8(zero))
        scales = node("Mul", largest, constant(f"step_{limit}", np.float32(1 / limit)))
        return node("QuantizeLinear", spread, self.one, zero_point), zero_point, scales

    def product(self, quantised: tuple[str, str, str], name: str, matrix: np.ndarray, inputs: Inputs) -> str:
        """Quantised activations times `matrix` [outputs, inputs] transposed, in float32."""
        activations, zero_point, token_scales = quantised
        values, scales = round_weights(matrix, inputs.covariance)
        self.lost[name] = ((matrix - values * scales) @ inputs.mean).astype(np.float32)
        result = self.graph.node(
            "MatMulIntegerToFloat",
            activations,
            self.graph.constant(f"{name}.int8", values.T),
            self.one,
            self.graph.constant(f"{name}.scale", scales[:, 0]),
            zero_point,
            self.graph.constant(f"{name}.zero", np.zeros(len(matrix), np.int8)),
            domain=CONTRIB,
        )
        return self.graph.node("Mul", result, token_scales)

    def linear(self, x: str, name: str, matrix: np.ndarray, inputs: Inputs) -> str:
        """x times `matrix` [outputs, inputs] transposed, without its bias.

        No token's activations are all zero, as biases come before every such layer, so its largest can be divided by.
        """
        largest = self.graph.node("ReduceMax", self.graph.node("Abs", x), self.last_axis, keepdims=1)
        return self.product(self.quantised(x, largest, INT8_LIMIT, UINT8_ZERO), name, matrix, inputs)

    def linear_after_gelu(self, x: str, name: str, matrix: np.ndarray) -> str:
        """The same for what GELU gives, which is hardly negative."""
        smallest = self.graph.constant("gelu_smallest", np.float32(GELU_SMALLEST))
        largest = self.graph.node("Max", self.graph.node("ReduceMax", x, self.last_axis, keepdims=1), smallest)
        return self.product(self.quantised(x, largest, GELU_LIMIT, GELU_ZERO), name, matrix, self.inputs[name])

    def smoothed_linear(self, x: str, name: str, matrix: np.ndarray) -> str:
        """The same for the output of a layer norm, whose large channels are shrunk first."""
        shrink = factors(self.inputs[name].largest, matrix)
        even = self.graph.node("Mul", x, self.graph.constant(f"{name}.shrink", 1 / shrink))
        return self.linear(even, name, matrix * shrink, self.inputs[name].shrunk(shrink))

    def add_and_norm(self, x: str, skip: str, norm: str, bias: str = "") -> str:
        inputs = [x, skip, self.weight(f"{norm}.weight"), self.weight(f"{norm}.bias")]
        if bias:
            inputs.append(bias)
        epsilon = self.config.layer_norm_eps
        return self.graph.node("SkipLayerNormalization", *inputs, domain=CONTRIB, epsilon=epsilon)

    def embeddings(self) -> str:
        """Words plus positions. A token's position is the number of tokens up to it, so padding never shifts one."""
        node, name = self.graph.node, "roberta.embeddings"
        values, scales = scale_rows(self.weights[f"{name}.word_embeddings.weight"])
        rows = node("Gather", self.graph.constant(f"{name}.words.int8", values), "input_ids")
        row_scales = node("Gather", self.graph.constant(f"{name}.words.scale", scales), "input_ids")
        words = node("Mul", node("Cast", rows, to=TensorProto.FLOAT), row_scales)

        pad = self.graph.constant("pad", np.int64(self.config.pad_token_id))
        is_token = node("Cast", node("Not", node("Equal", "input_ids", pad)), to=TensorProto.INT64)
        count = node("CumSum", is_token, self.graph.constant("length_axis", np.int64(1)))
        places = node("Add", node("Mul", count, is_token), pad)
        table = self.weights[f"{name}.position_embeddings.weight"] + self.weights[f"{name}.token_type_embeddings.weight"]
        positions = node("Gather", self.graph.constant(f"{name}.positions", table), places)
        return self.add_and_norm(words, positions, f"{name}.LayerNorm")

    def attention(self, x: str, name: str, mask: str) -> str:
        projections = [f"{name}.self.{part}" for part in ("query", "key", "value")]
        matrix = np.concatenate([self.weights[f"{part}.weight"] for part in projections])
        together = self.smoothed_linear(x, projections[0], matrix)
        bias = np.concatenate([self.weights[f"{part}.bias"] for part in projections]) + self.lost[projections[0]]
        widths = self.graph.constant("split", np.full(3, self.config.hidden_size, np.int64))
        self.graph.nodes_with("Split", [together, widths], projections, axis=-1)
        heads = self.config.num_attention_heads
        mixed = self.graph.node(
            "MultiHeadAttention",
            *projections,
            self.graph.constant(f"{name}.self.bias", bias),
            mask,
            domain=CONTRIB,
            num_heads=heads,
        )
        outer = f"{name}.output.dense"
        projected = self.linear(mixed, outer, self.weights[f"{outer}.weight"], self.inputs[outer])
        return self.add_and_norm(projected, x, f"{name}.output.LayerNorm", self.bias(outer))

    def feed_forward(self, x: str, name: str) -> str:
        inner, outer = f"{name}.intermediate.dense", f"{name}.output.dense"
        wide = self.smoothed_linear(x, inner, self.weights[f"{inner}.weight"])
        active = self.graph.node("BiasGelu", wide, self.bias(inner), domain=CONTRIB)
        projected = self.linear_after_gelu(active, outer, self.weights[f"{outer}.weight"])
        return self.add_and_norm(projected, x, f"{name}.output.LayerNorm", self.bias(outer))

    def head(self, x: str) -> None:
        node = self.graph.node
        first = node("Gather", x, self.graph.constant("first", np.int64(0)), axis=1)
        inner = [self.weight("classifier.dense.weight"), self.weight("classifier.dense.bias")]
        outer = [self.weight("classifier.out_proj.weight"), self.weight("classifier.out_proj.bias")]
        pooled = node("Tanh", node("Gemm", first, *inner, transB=1))
        self.graph.nodes_with("Gemm", [pooled, *outer], ["logits"], transB=1)

    def model(self) -> onnx.ModelProto:
        mask = self.graph.node("Cast", "attention_mask", to=TensorProto.INT32)
        x = self.embeddings()
        for layer in range(self.config.num_hidden_layers):
            name = f"roberta.encoder.layer.{layer}"
            x = self.feed_forward(self.attention(x, f"{name}.attention", mask), name)
        self.head(x)
        integers = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
            for name in ("input_ids", "attention_mask")
        ]
        logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", self.config.num_labels])
        constants = list(self.graph.constants.values())
        graph = helper.make_graph(self.graph.nodes, "camembert", integers, [logits], constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="toxicity_model")


def quantise(checkpoint: Path, data_dir: Path, target: Path) -> None:
    """Writes the int8 graph of the checkpoint in the folder `checkpoint`."""
    weights = load_file(checkpoint / "model.safetensors")
    config = CamembertConfig.from_pretrained(checkpoint)
    target.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(_Writer(weights, config, layer_inputs(checkpoint, data_dir)).model(), str(target))
