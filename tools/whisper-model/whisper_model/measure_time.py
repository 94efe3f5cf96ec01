"""Measures the CPU time of the graphs, int8 and float32 by turns, so that other work on the machine slows both alike."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .machine import processor
from .recogniser import Recogniser

ROUNDS = 5
TOKENS_A_ROUND = 8
FRAMES = (1_500, 3_000)
PAST = 32


def measure_time(folder: Path, float32: Path, report: Path) -> None:
    """Writes to `report` the processor and milliseconds of its time, medians: of the encoder for a window, of the decoder for a
    token.
    """
    forms = {"int8": Recogniser(folder, "_quantized"), "float32": Recogniser(float32, "")}
    figures: dict[str, dict[str, dict[str, float]]] = {"encoder": {}, "decoder": {}}
    for frames in FRAMES:
        features = np.random.default_rng(5).normal(0, 0.5, (1, 80, frames)).astype(np.float32)
        key = f"{frames // 100} s"
        figures["encoder"][key] = _by_turns({form: _encoding(recogniser, features) for form, recogniser in forms.items()}, 1)
        steps = {form: _decoding(recogniser, features) for form, recogniser in forms.items()}
        figures["decoder"][key] = _by_turns(steps, TOKENS_A_ROUND)
    report.write_text(json.dumps({"processor": processor(), "milliseconds": figures}, indent=1) + "\n")


def _encoding(recogniser: Recogniser, features: np.ndarray) -> Callable[[], object]:
    return lambda: recogniser.encode(features)


def _decoding(recogniser: Recogniser, features: np.ndarray) -> Callable[[], object]:
    states, past = recogniser.encode(features), recogniser.first_past(1)
    for _ in range(PAST // 4):
        _, past = recogniser.step([440] * 4, past, states)
    return lambda: recogniser.step([440], past, states)


def _by_turns(actions: dict[str, Callable[[], object]], times: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {form: [] for form in actions}
    for _ in range(ROUNDS):
        for form, action in actions.items():
            action()  # brings its weights back into the cache
            began = time.process_time()
            for _ in range(times):
                action()
            taken[form].append(1_000 * (time.process_time() - began) / times)
    return {form: float(np.median(values)) for form, values in taken.items()}
