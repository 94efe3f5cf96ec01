"""Writes the embedding: token ids to vectors."""

from pathlib import Path

from .external_data import BLOCK, ExternalData
from .graph import CONTRIB, FLOAT, INT64, Graph, tensor
from .shape import Shape


def write_embed_tokens(shape: Shape, path: Path) -> None:
    """Input `input_ids` int64 [batch, tokens]; output `inputs_embeds` float32 [batch, tokens, hidden]."""
    rows, width = shape.vocabulary, shape.text_hidden
    with ExternalData(path.with_suffix(".onnx_data")) as data:
        graph = Graph(data)
        values = data.nibbles("embed_tokens.weight_Q4", (rows, width // 2), rows * width)
        scales = data.scales("embed_tokens.weight_scales", (rows, width // BLOCK), 1)
        inputs = [graph.weight(values), "input_ids", graph.weight(scales)]
        options = {"gather_axis": 0, "quantize_axis": 1, "block_size": BLOCK, "bits": 4}
        graph.nodes_with("GatherBlockQuantized", inputs, ["inputs_embeds"], CONTRIB, **options)
    graph.save(
        path,
        [tensor("input_ids", INT64, ["batch_size", "sequence_length"])],
        [tensor("inputs_embeds", FLOAT, ["batch_size", "sequence_length", width])],
    )
