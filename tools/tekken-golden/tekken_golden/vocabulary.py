"""The real vocabulary as a fixture, and both forms of it in which a model folder may have it."""

import base64
import gzip
import json
from pathlib import Path

import mistral_common
from mistral_common.tokens.tokenizers.tekken import Tekkenizer
from tokenizers import Tokenizer
from transformers.integrations.mistral.tokenizer import MistralConverter

SOURCE = Path(mistral_common.__file__).parent / "data/tekken_240911.json"
# The ids of those special tokens that a transcription needs and that the source lacks.
AUDIO_TOKENS = {24: "[AUDIO]", 25: "[BEGIN_AUDIO]", 34: "[TRANSCRIBE]"}
AUDIO = {
    "sampling_rate": 16000,
    "frame_rate": 12.5,
    "audio_encoding_config": {"num_mel_bins": 128, "hop_length": 160, "window_size": 400},
    "chunk_length_s": 30.0,
}


def read_tokens() -> list[bytes]:
    """The bytes of the ordinary tokens that models use, by rank: 130,072 of the 150,000 that the file lists."""
    data = json.loads(SOURCE.read_text(encoding="utf-8"))
    config = data["config"]
    used = data["vocab"][: config["default_vocab_size"] - config["default_num_special_tokens"]]
    if [entry["rank"] for entry in used] != list(range(len(used))):
        raise ValueError(f"{SOURCE} does not list its tokens by rank")
    return [base64.b64decode(entry["token_bytes"]) for entry in used]


def pack_tokens(tokens: list[bytes]) -> bytes:
    """gzip of: the length of each token in a byte, then the bytes of all tokens."""
    return gzip.compress(bytes(len(token) for token in tokens) + b"".join(tokens), 9, mtime=0)


def tekken_head() -> dict[str, object]:
    """All of Voxtral's `tekken.json` but the vocabulary."""
    config = json.loads(SOURCE.read_text(encoding="utf-8"))["config"]
    names = [str(entry["token_str"].value) for entry in Tekkenizer.DEPRECATED_SPECIAL_TOKENS]
    names += [AUDIO_TOKENS.get(rank, f"<SPECIAL_{rank}>") for rank in range(len(names), max(AUDIO_TOKENS) + 1)]
    special = [{"rank": rank, "token_str": name, "is_control": True} for rank, name in enumerate(names)]
    return {"config": config | {"version": "v7"}, "special_tokens": special, "audio": AUDIO}


def write_tekken_json(folder: Path, tokens: list[bytes]) -> Path:
    entries = [
        {"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": None} for rank, token in enumerate(tokens)
    ]
    target = folder / "tekken.json"
    target.write_text(json.dumps(tekken_head() | {"vocab": entries}), encoding="utf-8")
    return target


def read_reference(tekken_json: Path) -> Tekkenizer:
    return Tekkenizer.from_file(tekken_json)


def convert(tekken_json: Path) -> Tokenizer:
    """`tokenizer.json`, as transformers derives it. Special tokens are left out: they are no ordinary text."""
    converter = MistralConverter(str(tekken_json))
    converter.additional_special_tokens = []
    return converter.converted()
