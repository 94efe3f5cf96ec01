"""Writes weights straight into the files beside an ONNX graph, so that none has to be held in memory."""

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from onnx import StringStringEntryProto, TensorProto, helper

ALIGNMENT = 4096  # what lets ONNX Runtime map a tensor into memory
ALIGNED_BYTES = 1 << 20  # smaller tensors are not worth the gap
CHUNK_BYTES = 1 << 24
BLOCK = 32  # weights that share a scale
NIBBLE_DEVIATION = np.sqrt(2 * sum(value**2 for value in range(8)) / 16)  # of 1–15, with 8 twice as likely


class ExternalData:
    """One data file. Every tensor is drawn by a generator seeded with its own name, so its values do not depend on the others."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("wb")
        self.name = path.name

    def __enter__(self) -> "ExternalData":
        return self

    def __exit__(self, *_error: object) -> None:
        self.file.close()

    def floats(self, name: str, values: np.ndarray) -> TensorProto:
        """A float32 tensor of these values."""
        return self._tensor(name, TensorProto.FLOAT, values.shape, [values.astype("<f4").tobytes()])

    def normal(self, name: str, shape: tuple[int, ...], deviation: float, mean: float = 0) -> TensorProto:
        """A float32 tensor of normally distributed values."""
        values = _generator(name).standard_normal(shape, np.float32) * np.float32(deviation) + np.float32(mean)
        return self.floats(name, values)

    def nibbles(self, name: str, shape: tuple[int, ...], count: int) -> TensorProto:
        """A tensor of `count` random 4-bit numbers 1–15, two in a byte: 8, which stands for zero, is their mean."""
        generator = _generator(name)
        sizes = [min(CHUNK_BYTES, count // 2 - start) for start in range(0, count // 2, CHUNK_BYTES)]
        return self._tensor(name, TensorProto.UINT8, shape, (_without_zeros(generator.bytes(size)) for size in sizes))

    def scales(self, name: str, shape: tuple[int, ...], deviation: float, silent_rows: int = 0) -> TensorProto:
        """float32 scales that give 4-bit weights about this standard deviation; the first rows become zero."""
        values = _generator(name).uniform(0.8, 1.2, shape) * (deviation / NIBBLE_DEVIATION)
        values.reshape(shape[0], -1)[:silent_rows] = 0
        return self.floats(name, values)

    def _tensor(self, name: str, kind: int, shape: tuple[int, ...], chunks: Iterator[bytes] | list[bytes]) -> TensorProto:
        if math.prod(shape) * helper.tensor_dtype_to_np_dtype(kind).itemsize >= ALIGNED_BYTES:
            self.file.write(bytes(-self.file.tell() % ALIGNMENT))
        offset = self.file.tell()
        for chunk in chunks:
            self.file.write(chunk)
        place = {"location": self.name, "offset": offset, "length": self.file.tell() - offset}
        entries = [StringStringEntryProto(key=key, value=str(value)) for key, value in place.items()]
        tensor = TensorProto(name=name, data_type=kind, dims=shape, external_data=entries)
        tensor.data_location = TensorProto.EXTERNAL
        return tensor


def _without_zeros(drawn: bytes) -> bytes:
    """With 8 for every 4-bit 0: the mean of 0–15 is no weight, and one that is off zero in every matrix drowns all else."""
    values = np.frombuffer(drawn, np.uint8)
    return (values | ((values & 0x0F == 0) * 0x08) | ((values & 0xF0 == 0) * 0x80)).astype(np.uint8).tobytes()


def _generator(name: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]))
