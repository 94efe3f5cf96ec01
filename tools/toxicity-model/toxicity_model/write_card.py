"""Fills `card.md` with the figures that the other steps measured."""

import json
from pathlib import Path
from typing import Any

from . import __version__
from .calibrate import TARGET
from .model_folder import NAME, QUANTISED
from .scoring import MAX_TOKENS

PENDING = "PENDING"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _quality_table(quality: dict[str, dict[str, float]]) -> str:
    lines = [
        "| source | toxic | non_toxic | AUC | precision | recall | false positives |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for source, row in quality.items():
        shares = " | ".join(_percent(row[name]) for name in ("precision", "recall", "false_positives"))
        lines.append(f"| {source} | {row['toxic']} | {row['non_toxic']} | {row['auc']:.3f} | {shares} |")
    return "\n".join(lines)


def _ordinary_table(ordinary: dict[str, dict[str, float]]) -> str:
    lines = ["| sentences | number | flagged | flagged in capitals |", "| --- | --- | --- | --- |"]
    for kind, row in ordinary.items():
        lines.append(f"| {kind} | {row['sentences']} | {_percent(row['flagged'])} | {_percent(row['flagged_in_capitals'])} |")
    return "\n".join(lines)


def _latency_table(latency: dict[str, dict[str, float]]) -> str:
    shapes = list(latency["int8"])
    lines = ["| texts x tokens | " + " | ".join(shapes) + " |", "| --- |" + " --- |" * len(shapes)]
    for form, times in latency.items():
        lines.append(f"| {form}, ms | " + " | ".join(f"{times[shape]:.1f}" for shape in shapes) + " |")
    return "\n".join(lines)


def _difference(row: dict[str, float]) -> str:
    return (
        f"largest difference of a score {row['largest_score']:.4f}, of a logit {row['largest_logit']:.4f},"
        f" mean difference of a score {row['mean_score']:.5f}, other decisions at 0.5: {row['other_decisions']}"
        f" ({row['texts']} texts)"
    )


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _token_parity(work: Path) -> str:
    """The figure of the service's own tokenizer, which a check outside this tool leaves in `service-token-ids.json`."""
    path = work / "service-token-ids.json"
    if not path.exists():
        return f"Token ids equal on 20,000 lines: {PENDING}"
    row = _read(path)
    return f"Token ids equal on {row['lines']:,} lines: {row['equal']:,}"


TEMPLATE = Path(__file__).with_name("card.md")


def write_card(work: Path, folder: Path) -> None:
    """Writes `MODEL_CARD.md` from `trained/training.json`, `calibrated/calibration.json`, `verified.json`, `measured.json`."""
    measured, verified = _read(work / "measured.json"), _read(work / "verified.json")
    training, calibration = _read(work / "trained" / "training.json"), _read(work / "calibrated" / "calibration.json")
    settings, kept = training["settings"], max(training["history"], key=lambda entry: entry["auc"])
    everything = measured["quality"]["all"]
    card = TEMPLATE.read_text(encoding="utf-8").format(
        name=NAME,
        version=__version__,
        quantised=QUANTISED,
        tokens=MAX_TOKENS,
        test_rows=everything["toxic"] + everything["non_toxic"],
        quality=_quality_table(measured["quality"]),
        auc_float32=measured["auc_float32"],
        auc_capitals=measured["auc_in_capitals"],
        ordinary=_ordinary_table(measured["ordinary"]),
        int8_gap=_difference(measured["int8_against_float32"]),
        batch_gap=_difference(measured["single_against_batched"]),
        **verified["logit_gap"],
        equal=verified["equal_lines"],
        lines=verified["lines"],
        token_parity=_token_parity(work),
        latency=_latency_table(measured["latency_ms"]),
        temperature=calibration["temperature"],
        bias=calibration["bias"],
        target=_percent(TARGET),
        rows=f"{training['rows']:,}",
        harmless=f"{settings['harmless_rows_per_epoch']:,}",
        epochs=kept["epoch"],
        minutes=kept["minutes"],
        max_tokens=settings["max_tokens"],
        changed=_percent(settings["change_share"]),
        best_auc=training["best_auc"],
    )
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
