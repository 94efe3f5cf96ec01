"""Finds the graphs and the token ids of a model folder in the public layout."""

import json
from dataclasses import dataclass
from pathlib import Path

# Forms whose graphs do not end in an underscore and their name.
SUFFIXES = {"fp32": "", "q8": "_quantized"}
# The public folder has no q4f16 of the embedding: what stands in for a form that is missing, the smallest first.
EMBEDDING_FORMS = ("q4", "q8", "fp16", "fp32")


@dataclass(frozen=True)
class TokenIds:
    """The size of the vocabulary and the ids that the graph knows by heart."""

    vocabulary: int
    audio: int
    pad: int
    ends: tuple[int, ...]


def decoder_file(folder: Path, form: str) -> Path:
    """The decoder of the given form. Raises FileNotFoundError."""
    return _existing(folder / f"onnx/decoder_model_merged{suffix(form)}.onnx")


def suffix(form: str) -> str:
    """What the names of the graphs end in, as transformers.js has it: nothing for fp32, `_q4` for q4, …"""
    return SUFFIXES.get(form, f"_{form}")


def embedding_file(folder: Path, form: str) -> Path:
    """The embedding of the given form, or the best other one. Raises FileNotFoundError."""
    for candidate in (form, *EMBEDDING_FORMS):
        file = folder / f"onnx/embed_tokens{suffix(candidate)}.onnx"
        if file.exists():
            return file
    return _existing(folder / f"onnx/embed_tokens{suffix(form)}.onnx")


def fused_file(folder: Path, form: str) -> Path:
    """Where the graph of the given form belongs."""
    return folder / f"onnx/decoder_fused{suffix(form)}.onnx"


def read_token_ids(folder: Path) -> TokenIds:
    """From `config.json` and `generation_config.json`. Raises KeyError when neither has one of the ids."""
    config = json.loads((folder / "config.json").read_text())
    generation_file = folder / "generation_config.json"
    generation = json.loads(generation_file.read_text()) if generation_file.exists() else {}
    text = config.get("text_config", {})
    known = {key: value for part in (text, config, generation) for key, value in part.items() if value is not None}
    ends = known["eos_token_id"]
    return TokenIds(
        vocabulary=text.get("vocab_size", known["vocab_size"]),
        audio=known["audio_token_id"],
        pad=known["pad_token_id"],
        ends=tuple(ends) if isinstance(ends, list) else (ends,),
    )


def _existing(file: Path) -> Path:
    if not file.exists():
        raise FileNotFoundError(f"{file} is missing")
    return file
