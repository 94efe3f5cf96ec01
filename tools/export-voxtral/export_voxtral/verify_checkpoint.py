"""Compares audio encoder and fused graph with `generate` of the checkpoint that they were made of."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import VoxtralForConditionalGeneration

from .folder import TokenIds, fused_file
from .run_fused import FusedDecoder
from .step_by_step import Batch, open_session

STEPS = 20
STEPS_PER_CALL = 16
# Tokens before and after the audio of each row.
TEXT_LENGTHS = ((4, 5), (9, 3))


@dataclass(frozen=True)
class Answers:
    """What follows the prompts, a list of ids a row, without what comes after an end."""

    generated: list[list[int]]
    fused: list[list[int]]


def compare_with_generate(checkpoint: Path, folder: Path, ids: TokenIds) -> Answers:
    """Two prompts of unequal lengths with noise for a sound, both in float32."""
    model = VoxtralForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32).eval()
    audio = model.config.audio_config
    random = np.random.default_rng(0)
    shape = (len(TEXT_LENGTHS), audio.num_mel_bins, 2 * audio.max_source_positions)
    values = random.normal(scale=0.5, size=shape).astype(np.float32)
    encoder = open_session(folder / "onnx/audio_encoder.onnx")
    features = encoder.run(["audio_features"], {"audio_values": values})[0]
    batch = _batch(random, features, ids)
    generated = model.generate(
        input_ids=torch.from_numpy(batch.input_ids),
        attention_mask=torch.from_numpy(batch.attention_mask),
        input_features=torch.from_numpy(values),
        max_new_tokens=STEPS,
        do_sample=False,
        eos_token_id=list(ids.ends),
        pad_token_id=ids.pad,
    ).numpy()[:, batch.input_ids.shape[1] :]
    fused = FusedDecoder(open_session(fused_file(folder, "fp32")), batch, ids)
    calls = [call.token_ids for call in fused.answer(1, STEPS_PER_CALL, STEPS)]
    return Answers(_until_end(generated, ids), _until_end(np.concatenate(calls, axis=1), ids))


def _batch(random: np.random.Generator, features: np.ndarray, ids: TokenIds) -> Batch:
    """`features` float32 [n, h] of all rows, as many for each."""
    rows = len(TEXT_LENGTHS)
    count = len(features) // rows
    width = count + max(before + after for before, after in TEXT_LENGTHS)
    input_ids = np.full((rows, width), ids.pad, np.int64)
    for row, (before, after) in zip(input_ids, TEXT_LENGTHS, strict=True):
        text = random.integers(ids.vocabulary // 2, ids.vocabulary, before + after)
        row[width - count - before - after :] = [*text[:before], *[ids.audio] * count, *text[before:]]
    mask = np.zeros_like(input_ids)
    for row, (before, after) in zip(mask, TEXT_LENGTHS, strict=True):
        row[width - count - before - after :] = 1
    return Batch(input_ids, mask, features, np.zeros(rows, bool))


def _until_end(token_ids: np.ndarray, ids: TokenIds) -> list[list[int]]:
    answers = []
    for row in token_ids.tolist():
        ends = [step for step, token in enumerate(row) if token in ids.ends]
        answers.append(row[: ends[0] + 1] if ends else row)
    return answers
