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
NONE = slice(0)
NIBBLE_DEVIATION = np.sqrt(2 * sum(value**2 for value in range(8)) / 16)  # of 1–15, with 8 twice as likely


class ExternalData:
    """One data file. Every tensor is drawn by a generator seeded with its own name, so its values do not depend on the others."""

    def __init__(self, path: Path, numbers: type[np.floating]) -> None:
        """`numbers` is the type of all that is no 4-bit matrix."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("wb")
        self.path, self.name = path, path.name
        self.numbers = np.dtype(numbers).newbyteorder("<")

    def __enter__(self) -> "ExternalData":
        return self

    def __exit__(self, *_error: object) -> None:
        self.file.close()

    def floats(self, name: str, values: np.ndarray) -> TensorProto:
        """A tensor of these values."""
        return self._tensor(name, self._kind, values.shape, [values.astype(self.numbers).tobytes()])

    def normal(self, name: str, shape: tuple[int, ...], deviation: float, mean: float = 0) -> TensorProto:
        """A tensor of normally distributed values."""
        values = _generator(name).standard_normal(shape, np.float32) * np.float32(deviation) + np.float32(mean)
        return self.floats(name, values)

    def nibbles(self, name: str, shape: tuple[int, ...], count: int) -> TensorProto:
        """A tensor of `count` random 4-bit numbers 1–15, two in a byte: 8, which stands for zero, is their mean."""
        generator = _generator(name)
        sizes = [min(CHUNK_BYTES, count // 2 - start) for start in range(0, count // 2, CHUNK_BYTES)]
        return self._tensor(name, TensorProto.UINT8, shape, (_without_zeros(generator.bytes(size)) for size in sizes))

    def matrix(self, name: str, shape: tuple[int, int], deviation: float, silent: np.ndarray | slice = NONE) -> TensorProto:
        """A matrix of uniformly distributed values, which are drawn several times as fast; the silent columns become zero."""
        generator, (rows, columns) = _generator(name), shape
        step = max(1, CHUNK_BYTES // columns)
        sizes = [(min(step, rows - start), columns) for start in range(0, rows, step)]
        pieces = (_uniform(generator, size, deviation, silent).astype(self.numbers).tobytes() for size in sizes)
        return self._tensor(name, self._kind, shape, pieces)

    def read(self, tensor: TensorProto) -> np.ndarray:
        """What was written of a tensor, mapped into memory."""
        self.file.flush()
        return read_external(tensor, self.path.parent)

    def scales(self, name: str, shape: tuple[int, ...], deviation: float, silent: np.ndarray | slice = NONE) -> TensorProto:
        """Scales that give 4-bit weights about this standard deviation; the silent rows become zero."""
        values = _generator(name).uniform(0.8, 1.2, shape) * (deviation / NIBBLE_DEVIATION)
        values.reshape(shape[0], -1)[silent] = 0
        return self.floats(name, values)

    @property
    def _kind(self) -> int:
        return helper.np_dtype_to_tensor_dtype(np.dtype(self.numbers.type))

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


def read_external(tensor: TensorProto, folder: Path) -> np.ndarray:
    """The values of a tensor in a data file of the folder, mapped into memory."""
    place = {entry.key: entry.value for entry in tensor.external_data}
    kind = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    return np.memmap(folder / place["location"], kind, "r", int(place["offset"]), tuple(tensor.dims))


def _uniform(generator: np.random.Generator, shape: tuple[int, int], deviation: float, silent: np.ndarray | slice) -> np.ndarray:
    drawn = np.frombuffer(generator.bytes(2 * math.prod(shape)), "<i2").reshape(shape)
    values = drawn * np.float32(deviation * 3**0.5 / 2**15)
    values[:, silent] = 0
    return values


def _without_zeros(drawn: bytes) -> bytes:
    """With 8 for every 4-bit 0: the mean of 0–15 is no weight, and one that is off zero in every matrix drowns all else."""
    values = np.frombuffer(drawn, np.uint8)
    return (values | ((values & 0x0F == 0) * 0x08) | ((values & 0xF0 == 0) * 0x80)).astype(np.uint8).tobytes()


def _generator(name: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]))
