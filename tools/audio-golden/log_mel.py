"""Writes `test/golden/log-mel.json`: values of the log-mel spectrograms that `transformers` computes.

Usage: python tools/audio-golden/log_mel.py

The clips are recordings of `test/fixtures/audio/speech` and sounds that both sides compute from a formula. Of each
spectrogram 500 values are kept, spread over it, so that the file stays small and every band and time has its turn.
"""

import json
import math
import wave
from collections.abc import Callable
from pathlib import Path

import numpy
import transformers
from transformers import WhisperFeatureExtractor

ROOT = Path(__file__).resolve().parents[2]
SPEECH = ROOT / "test/fixtures/audio/speech"
TARGET = ROOT / "test/golden/log-mel.json"
RECORDINGS = 12
VALUES = 500
# A prime: from one value to the next, row by row.
STEP = 7919
RATE = 16_000
HOP = 160
FEWEST_FRAMES = 1500


def main() -> None:
    recordings = sorted(SPEECH.glob("*.wav"))[:RECORDINGS]
    clips = {path.name: read_recording(path) for path in recordings} | generated_clips()
    golden = {
        "tool": f"transformers {transformers.__version__} WhisperFeatureExtractor",
        "command": "python tools/audio-golden/log_mel.py",
        "tolerance": 1e-4,
        "clips": [describe(name, samples) for name, samples in clips.items()],
    }
    TARGET.write_text(json.dumps(golden, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n", encoding="utf-8")


def read_recording(path: Path) -> numpy.ndarray:
    with wave.open(str(path)) as file:
        return numpy.frombuffer(file.readframes(file.getnframes()), "<i2").astype(numpy.float32) / 32_768


def generated_clips() -> dict[str, numpy.ndarray]:
    return {
        "silence": from_formula(RATE, lambda k: 0.0),
        "impulse": from_formula(RATE, lambda k: 1.0 if k == 8000 else 0.0),
        "constant": from_formula(3 * RATE, lambda k: 0.5),
        "tone": from_formula(5 * RATE, lambda k: 0.3 * math.sin(k * 0.4)),
        "sweep": from_formula(16 * RATE, lambda k: 0.4 * math.sin(k * k * 1e-5)),
        "noise": noise(30 * RATE, 1.0),
        "quiet noise": noise(20 * RATE + 77, 1e-4),
        "loud then quiet": noise(2 * RATE, 1.0, quiet_from=RATE),
    }


def from_formula(length: int, formula: Callable[[int], float]) -> numpy.ndarray:
    return numpy.array([formula(k) for k in range(length)]).astype(numpy.float32)


def noise(length: int, amplitude: float, quiet_from: int | None = None) -> numpy.ndarray:
    """Park and Miller's generator, whose numbers are exact on both sides."""
    state, samples = 1, []
    for k in range(length):
        state = state * 16_807 % 2_147_483_647
        quiet = 1e-3 if quiet_from is not None and k >= quiet_from else 1.0
        samples.append((state / 2_147_483_647 - 0.5) * 2 * amplitude * quiet)
    return numpy.array(samples).astype(numpy.float32)


def describe(name: str, samples: numpy.ndarray) -> dict[str, object]:
    frames = max(FEWEST_FRAMES, 2 * math.ceil(len(samples) / (2 * HOP)))
    return {"name": name, "frames": frames, "values": {str(bins): features(samples, frames, bins) for bins in (80, 128)}}


def features(samples: numpy.ndarray, frames: int, bins: int) -> list[float]:
    extractor = WhisperFeatureExtractor(feature_size=bins)
    output = extractor(samples, sampling_rate=RATE, padding="max_length", max_length=frames * HOP, return_tensors="np")
    spectrogram = output["input_features"][0]
    if spectrogram.shape != (bins, frames):
        raise ValueError(f"the extractor made {spectrogram.shape}, expected {(bins, frames)}")
    return [round(float(value), 6) for value in spectrogram.reshape(-1)[(numpy.arange(VALUES) * STEP) % spectrogram.size]]


if __name__ == "__main__":
    main()
