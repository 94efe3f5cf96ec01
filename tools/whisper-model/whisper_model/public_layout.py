"""Writes the layout in which Whisper is published for ONNX Runtime (by optimum, for transformers.js), in float32.

`onnx/encoder_model.onnx` gives hidden states. `onnx/decoder_model_merged.onnx` takes them, and computes the cross-attention
keys and values in its first run, when `use_cache_branch` is false; later they come from `past_key_values.{i}.encoder.*`, and
`present.{i}.encoder.*` are empty, as in optimum's files. The whole decoder is in each branch, so that what passes a run unchanged
is not copied. The service's benchmarks compare with an int8 form of it; it is not served from here.
"""

from pathlib import Path

import numpy as np
import onnx

from .decoder import DecoderWriter
from .encoder import write_public_encoder
from .graph import BOOL, FLOAT, INT64, Graph, tensor
from .key_values import key_values
from .linear import Float32
from .read_weights import Weights
from .shape import Shape
from .vocabulary_table import NAME, Float32Table

ENCODER = "onnx/encoder_model.onnx"
DECODER = "onnx/decoder_model_merged.onnx"
# transformers.js looks for this name to shape the empty keys and values of a first run; every other name stands for 0 there.
BATCH = "batch_size"


def write_public_layout(weights: Weights, shape: Shape, folder: Path) -> None:
    """Writes both graphs into `folder`."""
    write_public_encoder(weights, shape, Float32(), folder / ENCODER)
    outer, table = Graph(), _TwoTables(weights[f"{NAME}.weight"])
    outputs = _outputs(shape)
    branches = {}
    for name, writer in (("then_branch", _LaterRuns), ("else_branch", _FirstRun)):
        inner = writer(weights, shape, Float32(), table, Graph(outer, f"{name}."))
        inner.logits()
        inner.present_states()
        branches[name] = inner.graph.branch(outputs)
    outer.nodes_with("If", ["use_cache_branch"], [output.name for output in outputs], **branches)
    outer.save(folder / DECODER, _inputs(shape), outputs)


def _inputs(shape: Shape) -> list[onnx.ValueInfoProto]:
    return [
        tensor("input_ids", INT64, [BATCH, "tokens"]),
        tensor("encoder_hidden_states", FLOAT, [BATCH, "states", shape.width]),
        *key_values("past_key_values", "decoder", shape, "past", BATCH),
        *key_values("past_key_values", "encoder", shape, "past_states", BATCH),
        tensor("use_cache_branch", BOOL, [1]),
    ]


def _outputs(shape: Shape) -> list[onnx.ValueInfoProto]:
    # Those of the encoder are empty in later runs, in the number of windows too.
    return [
        tensor("logits", FLOAT, [BATCH, "tokens", shape.vocabulary]),
        *key_values("present", "decoder", shape, "past + tokens", BATCH),
        *key_values("present", "encoder", shape, "states or 1", "batch_size or 0"),
    ]


class _TwoTables(Float32Table):
    """The vectors once more for the logits: a quantiser would have one table for both decoded anew at every token."""

    def logits(self, graph: Graph, states: str, output: str) -> None:
        graph.nodes_with("MatMul", [states, graph.constant("proj_out.transposed", self.matrix.T)], [output])


class _LaterRuns(DecoderWriter):
    """Reads the cross-attention keys and values that the first run gave."""

    def present_states(self) -> None:
        nothing = self.graph.constant("nothing", np.zeros((0, self.shape.heads, 1, self.shape.head_width), np.float32))
        for output in key_values("present", "encoder", self.shape, ""):
            self.graph.nodes_with("Identity", [nothing], [output.name])


class _FirstRun(DecoderWriter):
    """Computes them from the encoder's states."""

    def encoder_states(self, layer: int) -> tuple[str, str]:
        return f"present.{layer}.encoder.key", f"present.{layer}.encoder.value"

    def cross_attention(self, x: str, layer: int) -> str:
        heads = self.graph.integers(0, 0, self.shape.heads, self.shape.head_width)
        for part, output in zip("kv", self.encoder_states(layer), strict=True):
            name = f"model.decoder.layers.{layer}.encoder_attn.{part}_proj"
            states = self.product("encoder_hidden_states", name, self.weights[f"{name}.weight"])
            if part == "v":
                states = self.graph.node("Add", states, self.weight(f"{name}.bias"))
            states = self.graph.node("Reshape", states, heads)
            self.graph.nodes_with("Transpose", [states], [output], perm=[0, 2, 1, 3])
        return super().cross_attention(x, layer)

    def present_states(self) -> None:
        """They are outputs already."""
