"""Writes the embedding: token ids to vectors."""

from pathlib import Path

from .external_data import BLOCK, ExternalData
from .form import Form
from .graph import CONTRIB, FLOAT, INT64, Graph, tensor
from .shape import Shape


def write_embed_tokens(shape: Shape, form: Form, path: Path) -> None:
    """Input `input_ids` int64 [batch, tokens]; output `inputs_embeds` float32 [batch, tokens, hidden]."""
    rows, width = shape.vocabulary, shape.text_hidden
    with ExternalData(path.with_suffix(".onnx_data"), form.numbers) as data:
        graph = Graph(data, form)
        if form.has_blocks:
            values = data.nibbles("embed_tokens.weight_Q4", (rows, width // 2), rows * width)
            scales = data.scales("embed_tokens.weight_scales", (rows, width // BLOCK), 1)
            inputs = (graph.weight(values), "input_ids", graph.weight(scales))
            options = {"gather_axis": 0, "quantize_axis": 1, "block_size": BLOCK, "bits": 4}
            embeds = graph.node("GatherBlockQuantized", *inputs, domain=CONTRIB, **options)
        else:
            table = graph.weight(data.matrix("embed_tokens.weight", (rows, width), 1))
            embeds = graph.node("Gather", table, "input_ids", axis=0)
        graph.leave(embeds, "inputs_embeds")
    graph.save(
        path,
        [tensor("input_ids", INT64, ["batch_size", "sequence_length"])],
        [tensor("inputs_embeds", FLOAT, ["batch_size", "sequence_length", width])],
    )
