"""Writes a model folder in the layout of the public Voxtral repositories."""

import json
import shutil
from pathlib import Path

from .answer import Answer
from .attention import Attention
from .audio_encoder import write_audio_encoder
from .decoder import EPSILON, ROPE_THETA, write_decoder
from .embed_tokens import write_embed_tokens
from .form import Form
from .shape import FRAMES_PER_TOKEN, Shape
from .tokenizer_files import write_tokenizer_files

SAMPLING_RATE, HOP, SECONDS = 16000, 160, 30
TOKENIZER_FILES = ("tekken.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def write_folder(
    shape: Shape, form: Form, attention: type[Attention], answer: Answer | None, tokenizer: Path | None, folder: Path
) -> None:
    """Graphs, configurations and tokenizer files; those of the folder `tokenizer` where one is given."""
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    write_audio_encoder(shape, form, folder / f"onnx/audio_encoder_{form.name}.onnx")
    write_embed_tokens(shape, form, folder / f"onnx/embed_tokens_{form.name}.onnx")
    write_decoder(shape, form, attention, answer, folder / f"onnx/decoder_model_merged_{form.name}.onnx")
    _write(folder / "config.json", config(shape, form))
    _write(folder / "generation_config.json", {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 11})
    _write(folder / "preprocessor_config.json", preprocessor(shape))
    if tokenizer is None:
        write_tokenizer_files(shape.vocabulary, folder)
    else:
        for name in TOKENIZER_FILES:
            shutil.copy(tokenizer / name, folder / name)


def config(shape: Shape, form: Form) -> dict[str, object]:
    return {
        "architectures": ["VoxtralForConditionalGeneration"],
        "audio_config": {
            "activation_function": "gelu",
            "head_dim": shape.audio_hidden // shape.audio_heads,
            "hidden_size": shape.audio_hidden,
            "intermediate_size": shape.audio_inner,
            "max_source_positions": shape.source_positions,
            "model_type": "voxtral_encoder",
            "num_attention_heads": shape.audio_heads,
            "num_hidden_layers": shape.audio_layers,
            "num_mel_bins": shape.mels,
        },
        "audio_token_id": 24,
        "hidden_size": shape.text_hidden,
        "model_type": "voxtral",
        "projector_hidden_act": "gelu",
        "text_config": {
            "attention_bias": False,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "head_dim": shape.head_width,
            "hidden_act": "silu",
            "hidden_size": shape.text_hidden,
            "intermediate_size": shape.text_inner,
            "max_position_embeddings": shape.positions,
            "mlp_bias": False,
            "model_type": "llama",
            "num_attention_heads": shape.text_heads,
            "num_hidden_layers": shape.text_layers,
            "num_key_value_heads": shape.text_key_value_heads,
            "rms_norm_eps": EPSILON,
            "rope_theta": ROPE_THETA,
            "tie_word_embeddings": False,
            "vocab_size": shape.vocabulary,
        },
        "vocab_size": shape.vocabulary,
        "transformers.js_config": {
            "use_external_data_format": {
                f"audio_encoder_{form.name}.onnx": 1,
                f"embed_tokens_{form.name}.onnx": 1,
                f"decoder_model_merged_{form.name}.onnx": 2,
            },
        },
    }


def preprocessor(shape: Shape) -> dict[str, object]:
    frames = FRAMES_PER_TOKEN * shape.audio_tokens
    return {
        "chunk_length": SECONDS,
        "dither": 0.0,
        "feature_extractor_type": "WhisperFeatureExtractor",
        "feature_size": shape.mels,
        "hop_length": HOP,
        "n_fft": 400,
        "n_samples": frames * HOP,
        "nb_max_frames": frames,
        "padding_side": "right",
        "padding_value": 0.0,
        "processor_class": "VoxtralProcessor",
        "return_attention_mask": False,
        "sampling_rate": SAMPLING_RATE,
    }


def _write(path: Path, content: dict[str, object]) -> None:
    path.write_text(f"{json.dumps(content, indent=2)}\n", encoding="utf-8")
