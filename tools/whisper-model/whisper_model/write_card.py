"""Fills `card.md` with the figures that the other steps measured."""

import json
from pathlib import Path
from typing import Any

from . import __version__
from .fetch import FIRST, SECOND
from .measure_time import ROUNDS
from .model_folder import INT8_DECODER, INT8_ENCODER, NAME

TEMPLATE = Path(__file__).with_name("card.md")
UNITS = {"encoder": "a window", "decoder": "a token, in a window"}


def write_card(work: Path, golden: Path, folder: Path) -> None:
    """Writes `MODEL_CARD.md` from `verified.json`, `word-errors.json`, `times.json` and, where it was measured,
    `service-word-errors.json` in `work`, and from the golden file.
    """
    verified, errors, times = (_read(work / f"{name}.json") for name in ("verified", "word-errors", "times"))
    service = work / "service-word-errors.json"
    clips = _read(golden)["clips"]
    card = TEMPLATE.read_text(encoding="utf-8").format(
        name=NAME,
        version=__version__,
        normalisation=errors["normalisation"],
        errors=_error_table(errors["rates"], _read(service)["rates"] if service.exists() else None),
        **verified["logit_gap"],
        wrong_sums=verified["wrong_sums"],
        verified_on=verified["processor"],
        clips=len(clips),
        equal=sum(clip["int8"]["tokens"] == clip["float32"]["tokens"] for clip in clips),
        equal_short=sum(clip["int8Short"]["tokens"] == clip["float32"]["tokens"] for clip in clips),
        sizes=_size_table(folder),
        times=_time_table(times["milliseconds"]),
        timed_on=times["processor"],
        rounds=ROUNDS,
        factors=_factor_table(errors["rates"]),
        heard_on=errors["processor"],
        packages=f"{FIRST.requirement}, {SECOND.requirement} on PyPI",
    )
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")


def _error_table(rates: dict[str, dict[str, dict[str, float]]], service: dict[str, float] | None) -> str:
    """`service` is what the service made of the prompts one by one, if it was asked."""
    rows = {f"alone: {name}": row for name, row in rates["alone"].items()}
    rows |= {f"packed: all, {form}": row for form, row in rates["packed"].items()}
    rows |= {"through the service, alone: all": service} if service else {}
    lines = [
        "| prompts | recordings | words | word errors | with numbers as they are written |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, row in rows.items():
        figures = f"{row['recordings']} | {row['words']:,} | {row['rate']:.1f} % | {row['rate_as_written']:.1f} %"
        lines.append(f"| {name} | {figures} |")
    return "\n".join(lines)


def _factor_table(rates: dict[str, dict[str, dict[str, float]]]) -> str:
    rows = {"alone, int8": rates["alone"]["all"]} | {f"packed, {form}": row for form, row in rates["packed"].items()}
    return "\n".join(
        ["| prompts | real-time factor |", "| --- | --- |"]
        + [f"| {name} | {row['real_time_factor']:.3f} |" for name, row in rows.items()]
    )


def _size_table(folder: Path) -> str:
    return "\n".join(f"| `{name}` | {(folder / name).stat().st_size / 1e6:.1f} |" for name in (INT8_ENCODER, INT8_DECODER))


def _time_table(figures: dict[str, dict[str, dict[str, float]]]) -> str:
    lines = ["| | int8 | float32 |", "| --- | --- | --- |"]
    for graph, rows in figures.items():
        lines += [f"| {graph}, {UNITS[graph]} of {key} | {row['int8']:.1f} | {row['float32']:.1f} |" for key, row in rows.items()]
    return "\n".join(lines)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
