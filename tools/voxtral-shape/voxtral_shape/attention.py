"""The two ways in which exports spell out the decoder's attention."""

from abc import ABC, abstractmethod

import numpy as np

from .graph import BOOL, CONTRIB, INT32, Graph
from .shape import Shape


class Attention(ABC):
    """Projections and rotary positions, the same in both; tensors are [batch, tokens, heads × head width]."""

    def __init__(self, shape: Shape, graph: Graph, rope_caches: tuple[str, str]) -> None:
        self.shape, self.graph, self.rope_caches = shape, graph, rope_caches

    def mixed(self, x: str, name: str, layer: int) -> str:
        """What the layer adds to the running sum [batch, tokens, hidden]."""
        product, shape = self.graph.product, self.shape
        wide, narrow = shape.text_heads * shape.head_width, shape.text_key_value_heads * shape.head_width
        query = self.rotated(product(x, f"{name}.q_proj", wide, shape.text_hidden), shape.text_heads)
        key = self.rotated(product(x, f"{name}.k_proj", narrow, shape.text_hidden), shape.text_key_value_heads)
        value = product(x, f"{name}.v_proj", narrow, shape.text_hidden)
        mixed = self.attended(query, key, value, layer)
        return product(mixed, f"{name}.o_proj", shape.text_hidden, wide, shape.residual_gain)

    def rotated(self, x: str, heads: int) -> str:
        options = {"interleaved": 0, "num_heads": heads, "rotary_embedding_dim": 0}
        return self.graph.node("RotaryEmbedding", x, "position_ids", *self.rope_caches, domain=CONTRIB, **options)

    @abstractmethod
    def attended(self, query: str, key: str, value: str, layer: int) -> str:
        """The values mixed [batch, tokens, heads × head width]; writes the layer's `present.{i}.*`."""


class GroupedAttention(Attention):
    """One GroupQueryAttention a layer, as ONNX Runtime GenAI's model builder writes it. It counts the ones of the mask and takes
    them for the first: rows padded on the left get wrong answers."""

    def __init__(self, shape: Shape, graph: Graph, rope_caches: tuple[str, str]) -> None:
        super().__init__(shape, graph, rope_caches)
        ones = graph.node("ReduceSum", "attention_mask", graph.integers(1), keepdims=1)
        self.last = graph.node("Cast", graph.node("Sub", ones, graph.integers(1)), to=INT32)
        length = graph.node("Gather", graph.node("Shape", "attention_mask"), graph.integer(1), axis=0)
        self.total = graph.node("Cast", length, to=INT32)

    def attended(self, query: str, key: str, value: str, layer: int) -> str:
        past = [f"past_key_values.{layer}.key", f"past_key_values.{layer}.value"]
        output = f"GroupQueryAttention_{layer}_out"
        self.graph.nodes_with(
            "GroupQueryAttention",
            [query, key, value, *past, self.last, self.total],
            [output, f"present.{layer}.key", f"present.{layer}.value"],
            CONTRIB,
            num_heads=self.shape.text_heads,
            kv_num_heads=self.shape.text_key_value_heads,
            scale=self.shape.head_width**-0.5,
            do_rotary=0,
            rotary_interleaved=0,
        )
        return output


class PlainAttention(Attention):
    """Standard operators. Heads that share keys are stacked, so that no key is copied. Rows may be padded on the left."""

    def __init__(self, shape: Shape, graph: Graph, rope_caches: tuple[str, str]) -> None:
        super().__init__(shape, graph, rope_caches)
        self.bias = self.mask_bias()

    def mask_bias(self) -> str:
        """[batch, 1, 1, tokens, past + tokens]: 0 where a token may look, else the lowest number."""
        node, integers = self.graph.node, self.graph.integers
        past = node("Shape", "past_key_values.0.key", start=2, end=3)
        total = node("Shape", "attention_mask", start=1, end=2)
        places = node("Range", self.graph.integer(0), node("Squeeze", total), self.graph.integer(1))
        rows = node("Unsqueeze", node("Slice", places, past, total, integers(0)), integers(1))
        is_earlier = node("LessOrEqual", node("Unsqueeze", places, integers(0)), rows)
        is_real = node("Cast", node("Unsqueeze", "attention_mask", integers(1, 2, 3)), to=BOOL)
        allowed = node("And", is_real, is_earlier)
        lowest = self.graph.number("lowest", np.finfo(self.graph.form.numbers).min)
        return node("Where", allowed, self.graph.number("zero", 0), lowest)

    def attended(self, query: str, key: str, value: str, layer: int) -> str:
        node, shape, width = self.graph.node, self.shape, self.shape.head_width
        heads, group, integers = shape.text_key_value_heads, shape.group, self.graph.integers
        key, value = (self.extended(x, f"{layer}.{kind}") for x, kind in ((key, "key"), (value, "value")))
        scale = self.graph.number("attention_scale", width**-0.5)
        query = node("Transpose", node("Reshape", query, integers(0, 0, heads * group, width)), perm=[0, 2, 1, 3])
        query = node("Mul", node("Reshape", query, integers(0, heads, -1, width)), scale)
        scores = node("MatMul", query, node("Transpose", key, perm=[0, 1, 3, 2]))
        tokens = node("Shape", "inputs_embeds", start=1, end=2)
        total = node("Shape", "attention_mask", start=1, end=2)
        apart = node("Concat", integers(0), integers(heads), integers(group), tokens, total, axis=0)
        together = node("Concat", integers(0), integers(heads), integers(-1), total, axis=0)
        shares = node("Softmax", node("Add", node("Reshape", scores, apart), self.bias), axis=-1)
        mixed = node("MatMul", node("Reshape", shares, together), value)
        split = node("Concat", integers(0), integers(heads * group), tokens, integers(width), axis=0)
        mixed = node("Transpose", node("Reshape", mixed, split), perm=[0, 2, 1, 3])
        return node("Reshape", mixed, integers(0, 0, heads * group * width))

    def extended(self, x: str, name: str) -> str:
        """The past and what is new [batch, key-value heads, past + tokens, head width]."""
        split = self.graph.integers(0, 0, self.shape.text_key_value_heads, self.shape.head_width)
        new = self.graph.node("Transpose", self.graph.node("Reshape", x, split), perm=[0, 2, 1, 3])
        self.graph.nodes_with("Concat", [f"past_key_values.{name}", new], [f"present.{name}"], axis=2)
        return f"present.{name}"


ATTENTIONS: dict[str, type[Attention]] = {"grouped": GroupedAttention, "plain": PlainAttention}
