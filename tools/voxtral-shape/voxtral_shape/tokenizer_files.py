"""Derives the tokenizer files of Voxtral's folder from the Tekken vocabulary that mistral-common ships."""

import base64
import json
from importlib.util import find_spec
from itertools import islice, product
from pathlib import Path
from string import ascii_lowercase

from .shape import SPECIAL_TOKENS

SOURCE = "data/tekken_240911.json"  # in the package mistral_common
MADE_UP_PATTERN = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
FIRST_SPECIAL_TOKENS = (
    "<unk>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[TOOL_CALLS]",
    "[IMG]",
    "<pad>",
    "[IMG_BREAK]",
    "[IMG_END]",
    "[PREFIX]",
    "[MIDDLE]",
    "[SUFFIX]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[TOOL_CONTENT]",
)
FURTHER_SPECIAL_TOKENS = {24: "[AUDIO]", 25: "[BEGIN_AUDIO]", 34: "[TRANSCRIBE]"}
AUDIO = {
    "sampling_rate": 16000,
    "frame_rate": 12.5,
    "audio_encoding_config": {"num_mel_bins": 128, "hop_length": 160, "window_size": 400},
    "chunk_length_s": 30.0,
}


def write_tokenizer_files(vocabulary: int, folder: Path) -> None:
    """`tekken.json`, `tokenizer.json`, `tokenizer_config.json` and `special_tokens_map.json` with the first ranks of Tekken, as
    many as the model has tokens besides the special ones. Where mistral-common is not installed they are made up."""
    specials = special_tokens()
    source = _tekken() or _made_up(vocabulary)
    ranks = source["vocab"][: vocabulary - len(specials)]
    config = {**source["config"], "default_vocab_size": vocabulary}
    names = [{"rank": rank, "token_str": name, "is_control": True} for rank, name in enumerate(specials)]
    _write(folder / "tekken.json", {"config": config, "vocab": ranks, "special_tokens": names, "audio": AUDIO})
    tokens = [base64.b64decode(entry["token_bytes"]) for entry in ranks]
    _write(folder / "tokenizer.json", _byte_level_bpe(specials, tokens, source["config"]["pattern"]))
    roles = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    _write(folder / "special_tokens_map.json", roles)
    decoder = {str(rank): _added_token(name) for rank, name in enumerate(specials)}
    # The class is what transformers.js takes for any byte-level tokenizer.
    facts = {"added_tokens_decoder": decoder, "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 10**30}
    _write(folder / "tokenizer_config.json", {**facts, **roles})


def _tekken() -> dict[str, object] | None:
    package = find_spec("mistral_common")
    if package is None or package.origin is None:
        return None
    return json.loads((Path(package.origin).parent / SOURCE).read_text(encoding="utf-8"))


def _made_up(count: int) -> dict[str, object]:
    """All bytes, then all words of two, three and four letters."""
    letters = [bytes([byte]) for byte in ascii_lowercase.encode()]
    words = (b"".join(word) for length in (2, 3, 4) for word in product(letters, repeat=length))
    tokens = [*(bytes([byte]) for byte in range(256)), *islice(words, max(0, count - 256))]
    encoded = (base64.b64encode(token).decode() for token in tokens)
    vocabulary = [{"rank": rank, "token_bytes": token, "token_str": None} for rank, token in enumerate(encoded)]
    return {"config": {"pattern": MADE_UP_PATTERN, "version": "v3"}, "vocab": vocabulary}


def special_tokens() -> list[str]:
    names = dict(enumerate(FIRST_SPECIAL_TOKENS)) | FURTHER_SPECIAL_TOKENS
    return [names.get(rank, f"<SPECIAL_{rank}>") for rank in range(SPECIAL_TOKENS)]


def _byte_level_bpe(specials: list[str], tokens: list[bytes], pattern: str) -> dict[str, object]:
    """Hugging Face's form of the same tokenizer."""
    letters = byte_letters()
    written = ["".join(letters[byte] for byte in token) for token in tokens]
    names = [*specials, *written]
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": True,
        "vocab": {name: index for index, name in enumerate(names)},
        "merges": _merges(tokens, written),
    }
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": rank, **_added_token(name)} for rank, name in enumerate(specials)],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": model,
    }


def _merges(tokens: list[bytes], written: list[str]) -> list[list[str]]:
    """Every pair of tokens that makes a token, in the order of that token's rank, then of the pair's."""
    ranks = {token: rank for rank, token in enumerate(tokens)}
    merges = []
    for token in tokens:
        pairs = [(ranks.get(token[:cut], -1), ranks.get(token[cut:], -1)) for cut in range(1, len(token))]
        merges += [[written[left], written[right]] for left, right in sorted(pairs) if left >= 0 and right >= 0]
    return merges


def byte_letters() -> list[str]:
    """The letter of each byte in byte-level vocabularies (GPT-2): its own where that is visible, else one from 256 on."""
    visible = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = [byte for byte in range(256) if byte not in visible]
    return [chr(byte) if byte in visible else chr(256 + hidden.index(byte)) for byte in range(256)]


def _added_token(name: str) -> dict[str, object]:
    return {"content": name, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}


def _write(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
