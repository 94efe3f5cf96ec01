"""Runs the three graphs step by step: a plain greedy loop, alone or for several prompts at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession, SessionOptions

from .export_graphs import AUDIO_ENCODER, DECODER, EMBED_TOKENS
from .shape import AUDIO, EOS, PAD, SUFFIXES

FLOATS = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


@dataclass(frozen=True)
class Prompt:
    """int64 ids [tokens] and float32 features [chunks, 128, 3000]."""

    ids: np.ndarray
    features: np.ndarray


@dataclass(frozen=True)
class Answer:
    """float32 logits [steps, vocabulary] of every step, that of the end token too, and the tokens [≤ steps] before the end."""

    tokens: list[int]
    ended: bool
    logits: np.ndarray

    @property
    def smallest_margin(self) -> float:
        """By how much the best logit leads the second, at the step where it leads least."""
        first_two = np.sort(self.logits, axis=1)[:, -2:]
        return float((first_two[:, 1] - first_two[:, 0]).min())

    @property
    def log_probability(self) -> float:
        """The sum over all steps, in float64."""
        logits = self.logits.astype(np.float64)
        shifted = logits - logits.max(axis=1, keepdims=True)
        return float(-np.log(np.exp(shifted).sum(axis=1)).sum())

    def first(self, most_tokens: int) -> "Answer":
        """The answer to the same prompt with room for fewer tokens."""
        return self if len(self.logits) <= most_tokens else Answer(self.tokens[:most_tokens], False, self.logits[:most_tokens])


class Recogniser:
    """The graphs of one form. `piece`: how many tokens of a prompt are given to the decoder in one run."""

    def __init__(self, folder: Path, form: str, piece: int) -> None:
        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        names = (AUDIO_ENCODER, EMBED_TOKENS, DECODER)
        sessions = [
            InferenceSession(folder / f"{name}{SUFFIXES[form]}.onnx", options, ["CPUExecutionProvider"]) for name in names
        ]
        self.encoder, self.embedder, self.decoder = sessions
        self.piece = piece
        self.types = {value.name: FLOATS.get(value.type, np.int64) for value in self.decoder.get_inputs()}
        self.shapes = {value.name: value.shape for value in self.decoder.get_inputs()}

    def encode(self, features: np.ndarray) -> np.ndarray:
        """float32 [chunks × 375, hidden]; one chunk a run."""
        runs = [self.encoder.run(None, {"audio_values": features[chunk : chunk + 1]})[0] for chunk in range(len(features))]
        return np.concatenate(runs)

    def recognise(self, prompts: Sequence[Prompt], most_tokens: int) -> list[Answer]:
        """Prompts of unequal length are padded on the left."""
        longest = max(len(prompt.ids) for prompt in prompts)
        embeddings = np.concatenate([self._embed_prompt(prompt, longest) for prompt in prompts])
        mask = np.array([[0] * (longest - len(prompt.ids)) + [1] * len(prompt.ids) for prompt in prompts], np.int64)
        caches = self._first_caches(len(prompts))
        logits = np.empty(0)
        for start in range(0, longest, self.piece):
            end = min(start + self.piece, longest)
            logits, caches = self._step(embeddings[:, start:end], mask[:, :end], caches)
        steps = [logits]
        is_ended = logits.argmax(axis=1) == EOS
        while not is_ended.all() and len(steps) < most_tokens:
            tokens = np.where(is_ended, PAD, steps[-1].argmax(axis=1))
            mask = np.concatenate([mask, np.ones((len(prompts), 1), np.int64)], axis=1)
            logits, caches = self._step(self._embed(tokens[:, None]), mask, caches)
            steps.append(logits)
            is_ended = is_ended | (logits.argmax(axis=1) == EOS)
        return [_answer(np.stack([step[row] for step in steps])) for row in range(len(prompts))]

    def _embed(self, ids: np.ndarray) -> np.ndarray:
        return self.embedder.run(None, {"input_ids": ids})[0]

    def _embed_prompt(self, prompt: Prompt, length: int) -> np.ndarray:
        """float32 [1, length, hidden] with the sound in place of its tokens."""
        embeddings = self._embed(prompt.ids[None])
        embeddings[0, prompt.ids == AUDIO] = self.encode(prompt.features)
        padding = self._embed(np.full((1, length - len(prompt.ids)), PAD, np.int64))
        return np.concatenate([padding, embeddings], axis=1)

    def _first_caches(self, batch: int) -> dict[str, np.ndarray]:
        caches = [name for name in self.types if name.startswith("past_key_values")]
        return {name: np.zeros((batch, self.shapes[name][1], 0, self.shapes[name][3]), self.types[name]) for name in caches}

    def _step(
        self, embeddings: np.ndarray, mask: np.ndarray, caches: dict[str, np.ndarray]
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """float32 logits [batch, vocabulary] of the last position, and the caches for the next step."""
        positions = np.maximum(mask.cumsum(axis=1) - 1, 0)[:, -embeddings.shape[1] :]
        embeddings = embeddings.astype(self.types["inputs_embeds"])
        inputs = {"inputs_embeds": embeddings, "attention_mask": mask, "position_ids": positions, **caches}
        logits, *present = self.decoder.run(None, inputs)
        return logits[:, -1].astype(np.float32), dict(zip(caches, present, strict=True))


def _answer(logits: np.ndarray) -> Answer:
    best = logits.argmax(axis=1).tolist()
    ended = EOS in best
    steps = best.index(EOS) + 1 if ended else len(best)
    return Answer(best[: steps - 1] if ended else best, ended, logits[:steps])
