"""Keeps what the model card tells of each round in a committed file, because the models of the rounds are not committed."""

import json
from pathlib import Path
from typing import Any

TRAINED = ("first-0", "second-0", "last-0", "distilled-0", "distilled-1", "small")


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def record_rounds(work: Path, results: Path) -> None:
    """Adds what is at hand in `work` to `results`; a round that is not keeps its figures."""
    known = _read(results) if results.exists() else {}
    for name in TRAINED:
        if (work / name / "training.json").exists():
            training = _read(work / name / "training.json")
            last = training["history"][-1]
            known[name] = {"minutes": training["settings"]["minutes"], "rows": training["rows"], "epochs": last["epoch"]}
    for name, path in (
        ("adaptation", work / "adapted" / "adaptation.json"),
        ("targets", work / "targets-summary.json"),
        ("distilled", work / "distilled" / "shares.json"),
    ):
        if path.exists():
            known[name] = _read(path)
    if (work / "distilled-targets.json").exists():
        targets = _read(work / "distilled-targets.json")
        known["distilled-targets"] = {"dropped": targets["dropped"]} | {
            name: len(targets[name]) for name in ("annotated", "opinions")
        }
    results.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
