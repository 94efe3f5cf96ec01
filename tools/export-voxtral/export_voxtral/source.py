"""Reads the graphs of the public folder, their weights left where they are."""

from dataclasses import dataclass
from pathlib import Path

import onnx

from .weights import Weight

EMBEDS, MASK, POSITIONS, LOGITS = "inputs_embeds", "attention_mask", "position_ids", "logits"
# The first with the axes of Unsqueeze and ReduceSum as inputs.
OLDEST_OPSET = 13


@dataclass(frozen=True)
class Declared:
    """An input or output as its graph declares it."""

    name: str
    kind: int
    dimensions: list[str | int]


@dataclass(frozen=True)
class Source:
    """One graph and the folder of its external data."""

    file: Path
    model: onnx.ModelProto

    @property
    def graph(self) -> onnx.GraphProto:
        return self.model.graph

    @property
    def opset(self) -> int:
        return next(entry.version for entry in self.model.opset_import if entry.domain in ("", "ai.onnx"))

    @property
    def inputs(self) -> dict[str, Declared]:
        # Graphs of the oldest form list their weights among the inputs.
        weights = {entry.name for entry in self.graph.initializer}
        return {entry.name: _declared(entry) for entry in self.graph.input if entry.name not in weights}

    @property
    def outputs(self) -> dict[str, Declared]:
        return {entry.name: _declared(entry) for entry in self.graph.output}

    @property
    def past(self) -> list[Declared]:
        """The inputs of the cache, in the graph's order."""
        return [entry for name, entry in self.inputs.items() if name.startswith("past_key_values.")]

    def weights(self, names: dict[str, str]) -> list[Weight]:
        """The initializers under their new names."""
        weights = []
        for tensor in self.graph.initializer:
            renamed = onnx.TensorProto()
            renamed.CopyFrom(tensor)
            renamed.name = names[tensor.name]
            weights.append(Weight(renamed, self.file.parent))
        return weights

    def weight_names(self, prefix: str) -> dict[str, str]:
        return {entry.name: f"{prefix}{entry.name}" for entry in self.graph.initializer}


def read_embedding(file: Path) -> Source:
    """Raises ValueError when the graph is not the public one."""
    source = _read(file)
    _expect(source, "inputs", source.inputs.keys(), {"input_ids"})
    _expect(source, "outputs", source.outputs.keys(), {EMBEDS})
    return source


def read_decoder(file: Path) -> Source:
    """Raises ValueError when the graph is not the public one."""
    source = _read(file)
    past = {entry.name for entry in source.past}
    # Attention that finds the positions by itself has no input for them.
    _expect(source, "inputs", source.inputs.keys() | {POSITIONS}, {EMBEDS, MASK, POSITIONS} | past)
    _expect(source, "outputs", source.outputs.keys(), {LOGITS} | {present_name(name) for name in past})
    return source


def present_name(past: str) -> str:
    """The output that is the next run's input."""
    return past.replace("past_key_values", "present", 1)


def _read(file: Path) -> Source:
    source = Source(file, onnx.load(str(file), load_external_data=False))
    if source.opset < OLDEST_OPSET:
        raise ValueError(f"{file} has opset {source.opset}, but {OLDEST_OPSET} is the oldest that works")
    return source


def _expect(source: Source, what: str, names: set[str], wanted: set[str]) -> None:
    if names != wanted:
        raise ValueError(f"{source.file} has the {what} {sorted(names)} instead of {sorted(wanted)}")


def _declared(entry: onnx.ValueInfoProto) -> Declared:
    kind = entry.type.tensor_type
    dimensions = [dimension.dim_value or dimension.dim_param for dimension in kind.shape.dim]
    return Declared(entry.name, kind.elem_type, dimensions)
