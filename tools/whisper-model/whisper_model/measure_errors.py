"""Counts the word errors on the French telephone prompts, for the int8 and the float32 files."""

import json
import time
from pathlib import Path

from .machine import processor
from .prompts import read_prompts
from .recogniser import SAMPLING_RATE, Recogniser
from .windows import Recording, cut, pack
from .word_errors import NORMALISATION, count_errors, error_rates

LANGUAGE = "fr"
# By the number of words of the transcript.
SETS = {"8 words or more": range(8, 1_000), "2 to 7 words": range(2, 8), "one word": range(1, 2), "all": range(1, 1_000)}


def measure_errors(folder: Path, float32: Path, debian: Path, report: Path) -> None:
    """Writes to `report` the word error rates of every set, what was heard, and the time it took.

    The int8 files read the prompts one by one and packed into windows, the float32 files only the windows.
    """
    prompts = [Recording(prompt.name, prompt.transcript, prompt.samples()) for prompt in read_prompts(debian)]
    windows = list(pack(prompts))
    int8 = Recogniser(folder, "_quantized")
    alone = _hear(int8, prompts)
    packed = {"int8": _hear(int8, windows), "float32": _hear(Recogniser(float32, ""), windows)}
    sets = {name: [row for row in alone if row["words"] in lengths] for name, lengths in SETS.items()}
    rates = {
        "alone": {name: _rates(rows) for name, rows in sets.items()},
        "packed": {form: _rates(rows) for form, rows in packed.items()},
    }
    figures = {"normalisation": NORMALISATION, "processor": processor(), "rates": rates, "alone": alone, "packed": packed}
    report.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _rates(rows: list[dict]) -> dict[str, float]:
    """Rates in percent of the words of the transcripts; the real-time factor is CPU time over audio time."""
    time_taken, audio = (sum(row[key] for row in rows) for key in ("cpu_seconds", "seconds"))
    return error_rates(rows) | {"real_time_factor": time_taken / audio}


def _hear(recogniser: Recogniser, recordings: list[Recording]) -> list[dict]:
    rows = []
    for name, transcript, samples in recordings:
        began = time.process_time()
        heard = " ".join(recogniser.transcribe(part, LANGUAGE) for part in cut(samples))
        facts = {"seconds": len(samples) / SAMPLING_RATE, "cpu_seconds": time.process_time() - began}
        rows.append({"name": name, **facts, **count_errors(transcript, heard)})
        print(f"{len(rows)}/{len(recordings)}: {error_rates(rows)['rate']:.1f} % word errors so far", flush=True)
    return rows
