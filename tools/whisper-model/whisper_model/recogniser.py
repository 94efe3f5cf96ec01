"""Recognises speech with the files of a model folder, as plainly as can be: greedy, one window and one token at a time."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from onnxruntime import InferenceSession, SessionOptions
from tokenizers import Tokenizer
from transformers import WhisperFeatureExtractor

from .repetition import is_loop

SAMPLING_RATE = 16_000
HOP = 160
FRAMES = 3_000
# Shorter windows save time; below this length the decoder may loop.
FEWEST_FRAMES = 1_500
MOST_TOKENS = 224
Tensors = dict[str, np.ndarray]


def open_session(path: Path) -> InferenceSession:
    """On one thread, as the service runs it."""
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def frames_for(samples: int) -> int:
    """Frames of the shortest window that holds so many samples, as the service cuts it."""
    return min(FRAMES, max(FEWEST_FRAMES, -(-samples // (2 * HOP)) * 2))


class Decoded(NamedTuple):
    """Token ids without the prompt and the end, the smallest lead that a chosen logit had over the next one, and whether the
    text came to its end.
    """

    tokens: list[int]
    margin: float
    is_complete: bool


class Recogniser:
    """One model folder; `suffix` is `_quantized` or empty."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self.encoder = open_session(folder / f"onnx/encoder_model{suffix}.onnx")
        self.decoder = open_session(folder / f"onnx/decoder_model{suffix}.onnx")
        self.extractor = WhisperFeatureExtractor.from_pretrained(folder)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.generation = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))

    def features(self, samples: np.ndarray, frames: int) -> np.ndarray:
        """float32 [1, mels, frames] for float32 samples at 16 kHz, cut or padded with silence."""
        padding = {"padding": "max_length", "max_length": frames * HOP, "truncation": True}
        extracted = self.extractor(samples, sampling_rate=SAMPLING_RATE, return_tensors="np", **padding)
        return extracted["input_features"]

    def encode(self, features: np.ndarray) -> Tensors:
        """The inputs `past_key_values.{i}.encoder.*` of the decoder."""
        names = [output.name.replace("present", "past_key_values") for output in self.encoder.get_outputs()]
        return dict(zip(names, self.encoder.run(None, {"input_features": features}), strict=True))

    def first_past(self, windows: int) -> Tensors:
        """The inputs `past_key_values.{i}.decoder.*` of a first run: empty."""
        shapes = {entry.name: entry.shape for entry in self.decoder.get_inputs() if ".decoder." in entry.name}
        return {name: np.zeros((windows, heads, 0, width), np.float32) for name, (_, heads, _, width) in shapes.items()}

    def step(self, tokens: list[int], past: Tensors, states: Tensors) -> tuple[np.ndarray, Tensors]:
        """Logits [tokens, vocabulary] and the next past."""
        names = [output.name.replace("present", "past_key_values") for output in self.decoder.get_outputs()]
        logits, *present = self.decoder.run(None, {"input_ids": np.array([tokens], np.int64), **past, **states})
        return logits[0], dict(zip(names[1:], present, strict=True))

    def prompt(self, language: str) -> list[int]:
        settings = self.generation
        task = settings["task_to_id"]["transcribe"]
        start = settings["decoder_start_token_id"]
        return [start, settings["lang_to_id"][f"<|{language}|>"], task, settings["no_timestamps_token_id"]]

    def start(self, states: Tensors) -> tuple[float, dict[str, float]]:
        """The probability of no speech, and that of each language code; the languages alone make 1."""
        settings = self.generation
        logits, _ = self.step([settings["decoder_start_token_id"]], self.first_past(1), states)
        ids = settings["lang_to_id"]
        languages = _softmax(logits[0, list(ids.values())])
        codes = (token.strip("<|>") for token in ids)
        no_speech = _softmax(logits[0])[settings["no_timestamps_token_id"] - 1]
        return float(no_speech), dict(zip(codes, map(float, languages), strict=True))

    def transcribe(self, samples: np.ndarray, language: str) -> str:
        """As the service does: in the shortest window, and once more in the full context when the text goes round in circles."""
        for frames in (frames_for(len(samples)), FRAMES):
            states = self.encode(self.features(samples, frames))
            decoded = self.greedy(states, language, stops_in_loop=frames < FRAMES)
            if decoded.is_complete:
                break
        return self.text(decoded.tokens)

    def greedy(self, states: Tensors, language: str, stops_in_loop: bool = False) -> Decoded:
        """At every step the likeliest token that is not suppressed."""
        settings, tokens, found, margin = self.generation, self.prompt(language), [], np.inf
        past = self.first_past(1)
        while len(found) < MOST_TOKENS and not (stops_in_loop and is_loop(found)):
            logits, past = self.step(tokens, past, states)
            following = logits[-1]
            following[settings["suppress_tokens"]] = -np.inf
            following[settings["no_timestamps_token_id"] :] = -np.inf
            if not found:
                following[settings["begin_suppress_tokens"]] = -np.inf
            second, first = np.partition(following, -2)[-2:]
            margin = min(margin, float(first - second))
            token = int(following.argmax())
            if token == settings["eos_token_id"]:
                return Decoded(found, margin, is_complete=True)
            found.append(token)
            tokens = [token]
        return Decoded(found, margin, is_complete=False)

    def text(self, tokens: list[int]) -> str:
        return self.tokenizer.decode(tokens).strip()


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits.astype(np.float64) - logits.max())
    return powers / powers.sum()
