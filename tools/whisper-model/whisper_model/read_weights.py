"""Reads Whisper's weights out of a CTranslate2 `model.bin` and gives them the names of `transformers`.

The file (binary version 6) is `u32 version, string specification, u32 revision, u32 count`, then per tensor `string name,
u8 rank, u32 dimensions…, u8 type, u32 bytes, data`. A string is a u16 length, which counts the zero at its end, and its bytes.
Self-attention holds query, key and value in one matrix, cross-attention key and value.
"""

import struct
from pathlib import Path

import numpy as np

VERSION = 6
TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
Weights = dict[str, np.ndarray]


def read_weights(path: Path) -> Weights:
    """All weights in float32, named as in `WhisperForConditionalGeneration.state_dict()`, without the tied `proj_out`."""
    tensors = _tensors(path.read_bytes())
    weights = {
        "model.decoder.embed_tokens.weight": tensors["decoder/embeddings/weight"],
    }
    for part in ("encoder", "decoder"):
        weights[f"model.{part}.embed_positions.weight"] = tensors[f"{part}/position_encodings/encodings"]
        weights |= _norm(tensors, f"{part}/layer_norm", f"model.{part}.layer_norm")
        layer = 0
        while f"{part}/layer_{layer}/ffn/linear_0/weight" in tensors:
            weights |= _layer(tensors, f"{part}/layer_{layer}", f"model.{part}.layers.{layer}")
            layer += 1
    for convolution in ("conv1", "conv2"):
        weights |= _linear(tensors, f"encoder/{convolution}", f"model.encoder.{convolution}")
    return {name: values.astype(np.float32) for name, values in weights.items()}


def _layer(tensors: Weights, source: str, target: str) -> Weights:
    weights = _attention(tensors, f"{source}/self_attention", f"{target}.self_attn", ("q", "k", "v"))
    weights |= _norm(tensors, f"{source}/self_attention/layer_norm", f"{target}.self_attn_layer_norm")
    if f"{source}/attention/linear_0/weight" in tensors:
        weights |= _attention(tensors, f"{source}/attention", f"{target}.encoder_attn", ("q",), ("k", "v"))
        weights |= _norm(tensors, f"{source}/attention/layer_norm", f"{target}.encoder_attn_layer_norm")
    weights |= _linear(tensors, f"{source}/ffn/linear_0", f"{target}.fc1")
    weights |= _linear(tensors, f"{source}/ffn/linear_1", f"{target}.fc2")
    return weights | _norm(tensors, f"{source}/ffn/layer_norm", f"{target}.final_layer_norm")


def _attention(tensors: Weights, source: str, target: str, *groups: tuple[str, ...]) -> Weights:
    """The projections of each group lie in one matrix, one below the other; then comes the output. A key has no bias."""
    weights = {}
    for index, group in enumerate(groups):
        matrices = np.split(tensors[f"{source}/linear_{index}/weight"], len(group))
        biases = np.split(tensors[f"{source}/linear_{index}/bias"], len(group))
        for name, matrix, bias in zip(group, matrices, biases, strict=True):
            weights[f"{target}.{name}_proj.weight"] = matrix
            if name != "k":
                weights[f"{target}.{name}_proj.bias"] = bias
            elif bias.any():
                raise ValueError(f"{source} has a bias for its keys, which Whisper does not have")
    return weights | _linear(tensors, f"{source}/linear_{len(groups)}", f"{target}.out_proj")


def _linear(tensors: Weights, source: str, target: str) -> Weights:
    return {f"{target}.{kind}": tensors[f"{source}/{kind}"] for kind in ("weight", "bias")}


def _norm(tensors: Weights, source: str, target: str) -> Weights:
    return {f"{target}.weight": tensors[f"{source}/gamma"], f"{target}.bias": tensors[f"{source}/beta"]}


def _tensors(content: bytes) -> Weights:
    at = 0

    def take(form: str) -> tuple:
        nonlocal at
        values = struct.unpack_from("<" + form, content, at)
        at += struct.calcsize("<" + form)
        return values

    def string() -> str:
        (length,) = take("H")
        (value,) = take(f"{length}s")
        return value[:-1].decode()

    (version,) = take("I")
    if version != VERSION:
        raise ValueError(f"the weights have binary version {version}, expected {VERSION}")
    string()
    _revision, count = take("II")
    tensors = {}
    for _ in range(count):
        name = string()
        (rank,) = take("B")
        shape = take(f"{rank}I")
        kind, size = take("BI")
        dtype = np.dtype(TYPES[kind])
        tensors[name] = np.frombuffer(content, dtype, size // dtype.itemsize, at).reshape(shape)
        at += size
    return tensors
