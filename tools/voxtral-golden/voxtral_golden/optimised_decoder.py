"""Writes a decoder the way optimised exports spell it out, the public one among them: `GroupQueryAttention` and fused norms."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from transformers import VoxtralForConditionalGeneration

from .shape import RMS_EPSILON, ROPE_THETA, VOCABULARY, Shape

CONTRIB = "com.microsoft"
# Positions that the rotation tables hold: more than any clip has that this form is asked for.
POSITIONS = 1_280


def optimised_decoder(model: VoxtralForConditionalGeneration, shape: Shape) -> onnx.ModelProto:
    """float32, with the inputs and outputs of the public decoder.

    Its attention counts the ones of `attention_mask` and takes so many of the first places for tokens: rows of a batch must be
    padded on the right, unlike those of the decoders that `torch.onnx.export` writes.
    """
    weights = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    graph = _Graph()
    _count_tokens(graph)
    _rotation_tables(graph, shape)
    states = _decode(graph, weights, shape)
    graph.node("MatMul", [states, graph.weight("lm_head", weights["lm_head.weight"].T)], "logits")
    pairs = [f"{layer}.{part}" for layer in range(shape.layers) for part in ("key", "value")]
    inputs = [
        _tensor("inputs_embeds", TensorProto.FLOAT, ["batch_size", "sequence_length", shape.hidden]),
        _tensor("attention_mask", TensorProto.INT64, ["batch_size", "total_sequence_length"]),
        _tensor("position_ids", TensorProto.INT64, ["batch_size", "sequence_length"]),
        *(_cache(f"past_key_values.{pair}", shape, "past_sequence_length") for pair in pairs),
    ]
    outputs = [
        _tensor("logits", TensorProto.FLOAT, ["batch_size", "sequence_length", VOCABULARY]),
        *(_cache(f"present.{pair}", shape, "total_sequence_length") for pair in pairs),
    ]
    body = helper.make_graph(graph.nodes, "decoder", inputs, outputs, graph.weights)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(CONTRIB, 1)]
    return helper.make_model(body, opset_imports=opsets, ir_version=10)


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, values: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, inputs: list[str], outputs: str | list[str], domain: str = "", **options: object) -> str:
        named = [outputs] if isinstance(outputs, str) else outputs
        self.nodes.append(helper.make_node(kind, inputs, named, name=named[0], domain=domain, **options))
        return named[0]


def _count_tokens(graph: _Graph) -> None:
    """`last` int32 [batch, 1]: the place of the last token of a row; `total` int32 []: the places of all rows."""
    one, zero = graph.weight("one", np.array([1])), graph.weight("zero", np.array(1))
    ones = graph.node("ReduceSum", ["attention_mask", one], "ones", keepdims=1)
    graph.node("Cast", [graph.node("Sub", [ones, one], "last_int64")], "last", to=TensorProto.INT32)
    sizes = graph.node("Shape", ["attention_mask"], "sizes")
    graph.node("Cast", [graph.node("Gather", [sizes, zero], "total_int64")], "total", to=TensorProto.INT32)


def _rotation_tables(graph: _Graph, shape: Shape) -> None:
    frequencies = ROPE_THETA ** -(np.arange(0, shape.head_width, 2) / shape.head_width)
    angles = np.arange(POSITIONS)[:, None] * frequencies[None]
    graph.weight("cosines", np.cos(angles).astype(np.float32))
    graph.weight("sines", np.sin(angles).astype(np.float32))


def _decode(graph: _Graph, weights: dict[str, np.ndarray], shape: Shape) -> str:
    """The normalised states [batch, tokens, hidden] that the logits are made of."""
    total = "inputs_embeds"
    for layer in range(shape.layers):
        name = f"model.language_model.layers.{layer}"

        def product(states: str, part: str, name: str = name) -> str:
            matrix = graph.weight(f"{name}.{part}", weights[f"{name}.{part}.weight"].T)
            return graph.node("MatMul", [states, matrix], f"{name}.{part}.product")

        normed = _norm(graph, total, weights, f"{name}.input_layernorm")
        query = _rotated(graph, product(normed, "self_attn.q_proj"), shape.heads)
        key = _rotated(graph, product(normed, "self_attn.k_proj"), shape.key_value_heads)
        past = [f"past_key_values.{layer}.{part}" for part in ("key", "value")]
        present = [f"present.{layer}.{part}" for part in ("key", "value")]
        mixed = graph.node(
            "GroupQueryAttention",
            [query, key, product(normed, "self_attn.v_proj"), *past, "last", "total"],
            [f"{name}.mixed", *present],
            CONTRIB,
            num_heads=shape.heads,
            kv_num_heads=shape.key_value_heads,
            scale=shape.head_width**-0.5,
        )
        total = graph.node("Add", [total, product(mixed, "self_attn.o_proj")], f"{name}.attended")
        normed = _norm(graph, total, weights, f"{name}.post_attention_layernorm")
        gate = product(normed, "mlp.gate_proj")
        gated = graph.node("Mul", [gate, graph.node("Sigmoid", [gate], f"{name}.sigmoid")], f"{name}.silu")
        inner = graph.node("Mul", [gated, product(normed, "mlp.up_proj")], f"{name}.inner")
        total = graph.node("Add", [total, product(inner, "mlp.down_proj")], f"{name}.total")
    return _norm(graph, total, weights, "model.language_model.norm")


def _norm(graph: _Graph, states: str, weights: dict[str, np.ndarray], name: str) -> str:
    scale = graph.weight(name, weights[f"{name}.weight"])
    return graph.node("SimplifiedLayerNormalization", [states, scale], f"{name}.normed", axis=-1, epsilon=RMS_EPSILON)


def _rotated(graph: _Graph, states: str, heads: int) -> str:
    inputs = [states, "position_ids", "cosines", "sines"]
    return graph.node("RotaryEmbedding", inputs, f"{states}.rotated", CONTRIB, num_heads=heads, interleaved=0)


def _cache(name: str, shape: Shape, length: str) -> onnx.ValueInfoProto:
    return _tensor(name, TensorProto.FLOAT, ["batch_size", shape.key_value_heads, length, shape.head_width])


def _tensor(name: str, kind: int, dimensions: list[str | int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, dimensions)
