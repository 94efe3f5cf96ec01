"""Writes the small files of the published folder: `config.json`, `generation_config.json`, `preprocessor_config.json`."""

import json
from pathlib import Path

import transformers

from .build_model import configuration
from .export_graphs import DECODER
from .shape import BOS, EOS, FP16, PAD, Q4F16, SUFFIXES, VOCABULARY, Shape

FEATURE_EXTRACTOR = {
    "chunk_length": 30,
    "dither": 0.0,
    "feature_extractor_type": "WhisperFeatureExtractor",
    "feature_size": 128,
    "hop_length": 160,
    "n_fft": 400,
    "n_samples": 480_000,
    "nb_max_frames": 3_000,
    "padding_side": "right",
    "padding_value": 0.0,
    "processor_class": "VoxtralProcessor",
    "return_attention_mask": False,
    "sampling_rate": 16_000,
}


def write_settings(shape: Shape, folder: Path) -> None:
    version = {"transformers_version": transformers.__version__}
    _write(folder / "config.json", _config(shape) | version)
    _write(folder / "generation_config.json", {"bos_token_id": BOS, "eos_token_id": EOS, "pad_token_id": PAD} | version)
    _write(folder / "preprocessor_config.json", FEATURE_EXTRACTOR)


def _config(shape: Shape) -> dict[str, object]:
    """In the published form, where `rope_theta` is a field of the text model."""
    whole = configuration(shape).to_dict()
    text = _known(whole["text_config"])
    text["rope_theta"] = text.pop("rope_parameters")["rope_theta"]
    external = {f"{DECODER}{SUFFIXES[form]}.onnx": files for form, files in shape.data_files.items()}
    caches = {form: "float16" for form in (FP16, Q4F16) if form in shape.forms}
    return {
        "architectures": ["VoxtralForConditionalGeneration"],
        "audio_config": _known(whole["audio_config"]),
        "audio_token_id": whole["audio_token_id"],
        "dtype": "float32",
        "hidden_size": shape.hidden,
        "model_type": "voxtral",
        "projector_hidden_act": whole["projector_hidden_act"],
        "text_config": text,
        "tie_word_embeddings": shape.is_tied,
        "transformers.js_config": {"kv_cache_dtype": caches, "use_external_data_format": external},
        "vocab_size": VOCABULARY,
    }


def _known(section: dict[str, object]) -> dict[str, object]:
    """Without what `transformers` adds to every configuration."""
    return {key: value for key, value in section.items() if value is not None and not key.startswith("_") and key not in COMMON}


COMMON = {
    "architectures",
    "chunk_size_feed_forward",
    "id2label",
    "is_encoder_decoder",
    "label2id",
    "output_attentions",
    "output_hidden_states",
}
COMMON |= {"problem_type", "return_dict", "transformers_version", "dtype"}


def _write(path: Path, document: dict[str, object]) -> None:
    path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
