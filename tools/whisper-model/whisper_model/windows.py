"""Cuts recordings that are longer than the model's context, and packs short ones into windows as the service does."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from .recogniser import SAMPLING_RATE

LONGEST = 28 * SAMPLING_RATE
QUIET = SAMPLING_RATE // 5
# As `src/audio/window-packer.ts` has them.
TARGET = 18 * SAMPLING_RATE
GAP = SAMPLING_RATE // 2


class Recording(NamedTuple):
    """What is said in float32 samples at 16 kHz."""

    name: str
    transcript: str
    samples: np.ndarray


def cut(samples: np.ndarray) -> Iterator[np.ndarray]:
    """Parts of at most 28 s: each but the last ends in the quietest fifth of a second of its second half."""
    while len(samples) > LONGEST:
        starts = range(LONGEST // 2, LONGEST - QUIET, QUIET // 4)
        quietest = min(starts, key=lambda start: float(np.abs(samples[start : start + QUIET]).sum()))
        yield samples[: quietest + QUIET // 2]
        samples = samples[quietest + QUIET // 2 :]
    yield samples


def pack(recordings: Sequence[Recording]) -> Iterator[Recording]:
    """One after the other with gaps of silence between, as many as fit into 18 s; a longer one is alone."""
    window: list[Recording] = []
    for recording in recordings:
        samples = sum(len(packed.samples) + GAP for packed in window)
        if window and samples + len(recording.samples) > TARGET:
            yield _joined(window)
            window = []
        window.append(recording)
    if window:
        yield _joined(window)


def _joined(window: list[Recording]) -> Recording:
    gap = np.zeros(GAP, np.float32)
    parts = [part for recording in window for part in (recording.samples, gap)]
    return Recording(
        " ".join(recording.name for recording in window),
        " ".join(recording.transcript for recording in window),
        np.concatenate(parts[:-1]),
    )
