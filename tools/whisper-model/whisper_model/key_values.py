"""The names and shapes of the keys and values that pass from run to run, the same in every layout."""

import onnx

from .graph import FLOAT, tensor
from .shape import Shape


def key_values(prefix: str, part: str, shape: Shape, length: str, batch: str = "windows") -> list[onnx.ValueInfoProto]:
    """Inputs or outputs `{prefix}.{i}.{part}.key` and `.value` of all layers, float32 [`batch`, heads, `length`, 64]."""
    dimensions = [batch, shape.heads, length, shape.head_width]
    names = [f"{prefix}.{layer}.{part}.{kind}" for layer in range(shape.decoder_layers) for kind in ("key", "value")]
    return [tensor(name, FLOAT, dimensions) for name in names]
