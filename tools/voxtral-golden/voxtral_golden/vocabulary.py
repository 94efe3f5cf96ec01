"""Cuts Tekken, the vocabulary of Mistral's models, to its first ranks, and writes it in both file forms."""

import base64
import json
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from tokenizers import AddedToken, Regex, Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import BPE

from .shape import AUDIO, BEGIN_AUDIO, BOS, RANKS, SPECIAL_TOKENS, TRANSCRIBE, VOCABULARY

SOURCE = "tekken_240911.json"
# The special tokens of Voxtral by their ids; the rest are fillers.
FIRST_NAMES = (
    "<unk> <s> </s> [INST] [/INST] [AVAILABLE_TOOLS] [/AVAILABLE_TOOLS] [TOOL_RESULTS] [/TOOL_RESULTS] [TOOL_CALLS] [IMG] <pad>"
    " [IMG_BREAK] [IMG_END] [PREFIX] [MIDDLE] [SUFFIX] [SYSTEM_PROMPT] [/SYSTEM_PROMPT] [TOOL_CONTENT]"
)
NAMES = dict(enumerate(FIRST_NAMES.split(" ")))
NAMES |= {AUDIO: "[AUDIO]", BEGIN_AUDIO: "[BEGIN_AUDIO]", 32: "[ARGS]", 33: "[CALL_ID]", TRANSCRIBE: "[TRANSCRIBE]"}
AUDIO_SECTION = {
    "sampling_rate": 16_000,
    "frame_rate": 12.5,
    "audio_encoding_config": {"num_mel_bins": 128, "hop_length": 160, "window_size": 400},
    "chunk_length_s": 30.0,
}


def write_vocabulary(folder: Path) -> None:
    """Writes `tekken.json`, `tokenizer.json`, `tokenizer_config.json` and `special_tokens_map.json`."""
    source = json.loads(files("mistral_common").joinpath("data", SOURCE).read_text(encoding="utf-8"))
    vocabulary = source["vocab"][:RANKS]
    _write_tekken(source["config"], vocabulary, folder / "tekken.json")
    tokenizer = _byte_pairs([base64.b64decode(entry["token_bytes"]) for entry in vocabulary], source["config"]["pattern"])
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    named = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    _write_json(folder / "special_tokens_map.json", named)
    added = {str(rank): _added(special_name(rank)) for rank in range(SPECIAL_TOKENS)}
    config = {
        "add_bos_token": True,
        "add_eos_token": False,
        "add_prefix_space": False,
        "added_tokens_decoder": added,
        **named,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 1_000_000_000_000_000_019_884_624_838_656,
        "processor_class": "VoxtralProcessor",
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    _write_json(folder / "tokenizer_config.json", config)


def open_vocabulary(folder: Path) -> MistralTokenizer:
    return MistralTokenizer.from_file(str(folder / "tekken.json"))


def check_vocabulary(folder: Path, texts: Iterable[str]) -> None:
    """Raises when the two files give other ids for one of `texts`."""
    tekken, tokenizer = open_vocabulary(folder).instruct_tokenizer.tokenizer, Tokenizer.from_file(str(folder / "tokenizer.json"))
    for text in texts:
        ids = tekken.encode(text, bos=False, eos=False), tokenizer.encode(text, add_special_tokens=False).ids
        if ids[0] != ids[1]:
            raise ValueError(f"{text!r} is {ids[0]} by tekken.json and {ids[1]} by tokenizer.json")


def special_name(rank: int) -> str:
    return NAMES.get(rank, f"<SPECIAL_{rank}>")


def _write_tekken(config: dict[str, object], vocabulary: list[dict[str, object]], path: Path) -> None:
    sizes = {"num_vocab_tokens": RANKS, "default_vocab_size": VOCABULARY, "default_num_special_tokens": SPECIAL_TOKENS}
    special = [{"rank": rank, "token_str": special_name(rank), "is_control": True} for rank in range(SPECIAL_TOKENS)]
    document = {"config": {**config, **sizes, "version": "v13"}, "vocab": vocabulary, "special_tokens": special}
    _write_json(path, {**document, "audio": AUDIO_SECTION})


def _byte_pairs(tokens: list[bytes], pattern: str) -> Tokenizer:
    """The same ids as byte-level BPE: a merge for every token of two or more bytes, in the order of the ranks."""
    letters = _byte_letters()
    written = ["".join(letters[byte] for byte in token) for token in tokens]
    ranks = {token: rank for rank, token in enumerate(tokens)}
    merges = [tuple(_written(part, letters) for part in _parts(token, ranks)) for token in tokens if len(token) > 1]
    vocabulary = {special_name(rank): rank for rank in range(SPECIAL_TOKENS)}
    vocabulary |= {token: SPECIAL_TOKENS + rank for rank, token in enumerate(written)}
    tokenizer = Tokenizer(BPE(vocabulary, merges, fuse_unk=False, ignore_merges=False))
    split = pre_tokenizers.Split(Regex(pattern), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", BOS)]
    )
    tokenizer.add_special_tokens(
        [AddedToken(special_name(rank), special=True, normalized=False) for rank in range(SPECIAL_TOKENS)]
    )
    return tokenizer


def _parts(token: bytes, ranks: dict[bytes, int]) -> list[bytes]:
    """The two tokens of lower rank that byte-pair encoding joins last to make this one."""
    parts = [bytes([byte]) for byte in token]
    while len(parts) > 2:
        joined = [ranks.get(first + second, len(ranks)) for first, second in zip(parts, parts[1:], strict=False)]
        lowest = joined.index(min(joined))
        parts[lowest : lowest + 2] = [parts[lowest] + parts[lowest + 1]]
    return parts


def _written(token: bytes, letters: dict[int, str]) -> str:
    return "".join(letters[byte] for byte in token)


def _byte_letters() -> dict[int, str]:
    """A printable letter for each byte, as GPT-2 has them."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + index) for index, byte in enumerate(others)}


def _added(name: str) -> dict[str, object]:
    return {"content": name, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}


def _write_json(path: Path, document: dict[str, object]) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
