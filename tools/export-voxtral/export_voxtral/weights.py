"""Writes a model and streams its weights from other models' files, never holding more than a piece of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import onnx
from onnx import TensorProto, external_data_helper

# Models whose weights are smaller are one file.
INSIDE_BYTES = 1_000_000
# Smaller tensors (shapes, scalars) stay inside: ONNX Runtime reads them while it optimises.
EXTERNAL_TENSOR_BYTES = 1024
# A page, so that ONNX Runtime can map a tensor into memory.
ALIGNMENT = 4096
PIECE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Weight:
    """An initializer and the folder that its external data is relative to."""

    tensor: onnx.TensorProto
    folder: Path


def write_model(model: onnx.ModelProto, weights: Iterable[Weight], file: Path) -> int:
    """Writes the model with the weights as further initializers of its graph; beside it `{file}_data` when they are large.

    Returns the bytes of all weights. Raises ValueError when an external file ends before its tensor does.
    """
    weights = list(weights)
    size = sum(map(_size, weights))
    file.parent.mkdir(parents=True, exist_ok=True)
    data = file.with_name(f"{file.name}_data")
    if size < INSIDE_BYTES:
        data.unlink(missing_ok=True)
        model.graph.initializer.extend(_inside(weight) for weight in weights)
    else:
        with data.open("wb") as target:
            model.graph.initializer.extend(_beside(weight, target, data.name) for weight in weights)
    onnx.save(model, str(file))
    return size


def _size(weight: Weight) -> int:
    if weight.tensor.data_location != TensorProto.EXTERNAL:
        return len(weight.tensor.raw_data) or weight.tensor.ByteSize()
    return _external(weight)[2]


def _external(weight: Weight) -> tuple[Path, int, int]:
    """File, offset and length of a tensor outside."""
    entry = external_data_helper.ExternalDataInfo(weight.tensor)
    file = weight.folder / entry.location
    offset = int(entry.offset or 0)
    return file, offset, int(entry.length or file.stat().st_size - offset)


def _inside(weight: Weight) -> onnx.TensorProto:
    tensor = onnx.TensorProto()
    tensor.CopyFrom(weight.tensor)
    if tensor.data_location == TensorProto.EXTERNAL:
        external_data_helper.load_external_data_for_tensor(tensor, str(weight.folder))
        tensor.data_location = TensorProto.DEFAULT
        del tensor.external_data[:]
    return tensor


def _beside(weight: Weight, target: BinaryIO, name: str) -> onnx.TensorProto:
    is_external = weight.tensor.data_location == TensorProto.EXTERNAL
    # Numbers in typed fields instead of raw bytes are few: exporters write scalars and shapes so.
    if _size(weight) < EXTERNAL_TENSOR_BYTES or not (is_external or weight.tensor.raw_data):
        return _inside(weight)
    offset = target.tell() + -target.tell() % ALIGNMENT
    target.seek(offset)
    if is_external:
        _copy(*_external(weight), target)
    else:
        target.write(weight.tensor.raw_data)
    tensor = onnx.TensorProto(name=weight.tensor.name, data_type=weight.tensor.data_type, dims=weight.tensor.dims)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": name, "offset": offset, "length": target.tell() - offset}.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def _copy(file: Path, offset: int, length: int, target: BinaryIO) -> None:
    with file.open("rb") as source:
        source.seek(offset)
        while length > 0:
            piece = source.read(min(length, PIECE_BYTES))
            if not piece:
                raise ValueError(f"{file} is {length} bytes too short")
            target.write(piece)
            length -= len(piece)
