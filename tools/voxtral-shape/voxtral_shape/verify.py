"""Compares the three graphs with PyTorch's Voxtral on the same weights, made float32 again."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from transformers import VoxtralConfig, VoxtralForConditionalGeneration

from .form import Form
from .shape import FRAMES_PER_TOKEN, SPECIAL_TOKENS, Shape
from .weights import read_weights

# Of what the graphs compute in: PyTorch computes in float32.
TOLERANCE = {np.float32: 1e-4, np.float16: 2e-2}
STEPS = 3
PADDING = 5
PROMPT = 12
AUDIO_TOKEN = 24


def verify(shape: Shape, form: Form, folder: Path, has_padding: bool) -> None:
    """Prints the largest relative error of each comparison.

    Raises:
        SystemExit: with 1, when one is above the tolerance.
    """
    torch.manual_seed(0)
    model = _torch_model(folder, form)
    spectrograms = torch.randn(2, shape.mels, FRAMES_PER_TOKEN * shape.audio_tokens)
    with torch.inference_mode():
        features = model.get_audio_features(spectrograms).pooler_output.flatten(0, -2).numpy()
    encoder, embedding = _session(folder, form, "audio_encoder"), _session(folder, form, "embed_tokens")
    own = encoder.run(None, {"audio_values": spectrograms.numpy()})[0]
    errors = {"audio_encoder": _relative_error(own, features)}
    ids = np.random.default_rng(0).integers(SPECIAL_TOKENS, shape.vocabulary, (2, PROMPT))
    embeds = embedding.run(None, {"input_ids": ids})[0]
    with torch.inference_mode():
        errors["embed_tokens"] = _relative_error(embeds, model.get_input_embeddings()(torch.from_numpy(ids)).numpy())
    embeds[:, 3:9] = features.reshape(2, -1, shape.text_hidden)[:, :6]
    errors |= _decoder_errors(shape, form, folder, model, embeds, np.ones((2, PROMPT), np.int64), "")
    if has_padding:
        mask = np.ones((2, PROMPT), np.int64)
        mask[0, :PADDING] = 0
        errors |= _decoder_errors(shape, form, folder, model, embeds, mask, ", padded on the left")
    for name, error in errors.items():
        print(f"{name}: {error:.1e}")
    if max(errors.values()) > TOLERANCE[form.numbers]:
        raise SystemExit(1)


def _decoder_errors(
    shape: Shape,
    form: Form,
    folder: Path,
    model: VoxtralForConditionalGeneration,
    embeds: np.ndarray,
    mask: np.ndarray,
    note: str,
) -> dict[str, float]:
    """Errors of a prefill, and of steps after it that feed random tokens; padding is not looked at."""
    decoder, embedding = _session(folder, form, "decoder_model_merged"), _session(folder, form, "embed_tokens")
    batch, heads = len(embeds), shape.text_key_value_heads
    names = [f"{layer}.{kind}" for layer in range(shape.text_layers) for kind in ("key", "value")]
    past = {f"past_key_values.{name}": np.zeros((batch, heads, 0, shape.head_width), form.numbers) for name in names}
    generator, cache, errors = np.random.default_rng(1), None, {}
    for step in range(1 + STEPS):
        positions = np.maximum(mask.cumsum(1) - 1, 0)[:, -embeds.shape[1] :]
        feeds = {"inputs_embeds": embeds, "attention_mask": mask, "position_ids": positions}
        logits, *presents = decoder.run(None, {**feeds, **past})
        with torch.inference_mode():
            reference = model.language_model if hasattr(model, "language_model") else model.model.language_model
            output = reference(
                **{name: torch.from_numpy(value) for name, value in feeds.items()}, past_key_values=cache, use_cache=True
            )
            expected = model.lm_head(output.last_hidden_state).numpy()
        real = mask[:, -embeds.shape[1] :] == 1
        name = f"decoder, prefill{note}" if step == 0 else f"decoder, step {step}{note}"
        errors[name] = _relative_error(logits[real], expected[real])
        cache = output.past_key_values
        past = {f"past_key_values.{name}": present for name, present in zip(names, presents, strict=True)}
        embeds = embedding.run(None, {"input_ids": generator.integers(SPECIAL_TOKENS, shape.vocabulary, (batch, 1))})[0]
        mask = np.concatenate([mask, np.ones((batch, 1), np.int64)], axis=1)
    return errors


def _torch_model(folder: Path, form: Form) -> VoxtralForConditionalGeneration:
    config = VoxtralConfig.from_pretrained(folder)
    model = VoxtralForConditionalGeneration._from_config(config, dtype=torch.float32, attn_implementation="eager").eval()
    state = {name: torch.tensor(np.asarray(values, np.float32)) for name, values in read_weights(folder, form.name)}
    model.load_state_dict(state, strict=True)
    return model


def _session(folder: Path, form: Form, name: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(folder / f"onnx/{name}_{form.name}.onnx", providers=["CPUExecutionProvider"])


def _relative_error(actual: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference ÷ largest expected value."""
    return float(np.abs(actual - expected).max() / np.abs(expected).max())
