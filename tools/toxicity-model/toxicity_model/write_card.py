"""Fills `card.md` with the figures that the other steps measured."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

from . import __version__, distil, targets
from .calibrate import LONG_TARGET, SENTENCE_TARGETS
from .data import CORRECTIONS
from .evaluation import LONG_TEXTS
from .measure import BEHAVIOUR, FRAMES, GROUPS, RUNS
from .model_folder import NAME, QUANTISED
from .rounds import DISTILLED_LONG_ROWS
from .scoring import MAX_TOKENS
from .train import Settings

REVIEWED_ROWS = 696  # those that n-gram models of other folds contradicted by more than 0.68
DECISIONS = BEHAVIOUR.with_name("toxicity-decisions.json")
# Committed, because the models of the rounds are not.
ABLATIONS = Path(__file__).parents[1] / "results" / "ablations.json"
ROUNDS = ABLATIONS.with_name("rounds.json")
TEMPLATE = Path(__file__).with_name("card.md")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _headline(figures: dict[str, dict[str, float]]) -> str:
    rows = [
        [name, f"{row['texts']:.0f}", f"{row['auc']:.3f}" if "auc" in row else "", _percent(row["flagged"])]
        for name, row in figures.items()
    ]
    return _table(["set", "texts", "AUC", "flagged"], rows)


def _ranking(ablations: dict[str, Any], final: dict[str, Any]) -> str:
    sources = list(next(iter(final.values())))
    rows = []
    for name, figures in {**ablations, **final}.items():
        rows.append([name, *(f"{figures[s]['auc']:.3f} ({figures[s]['low']:.3f}–{figures[s]['high']:.3f})" for s in sources)])
    counts = next(iter(final.values()))
    head = [f"{s} ({counts[s]['toxic']:.0f} + {counts[s]['non_toxic']:.0f})" for s in sources]
    return _table(["model", *head], rows)


def _thresholds(figures: list[dict[str, float]]) -> str:
    shares = ("precision", "recall", "false_positives", "ordinary_flagged")
    rows = [[f"{row['threshold']:.1f}", *(_percent(row[name]) for name in shares)] for row in figures]
    return _table(["threshold", "precision", "recall", "false positives", "ordinary flagged"], rows)


def _evasions(figures: dict[str, dict[str, float]]) -> str:
    rows = [[name, f"{row['auc']:.3f}", _percent(row["recall"])] for name, row in figures.items()]
    return _table(["disguise", "AUC", "recall at 0.5"], rows)


def _bias(figures: dict[str, dict[str, float]]) -> str:
    rows = [[group, _percent(row["flagged"]), f"{row['mean']:.3f}"] for group, row in figures.items()]
    half = (len(rows) + 1) // 2
    padded = [*rows, *[[""] * 3] * (2 * half - len(rows))]
    return _table(["group", "flagged", "mean score"] * 2, [padded[i] + padded[half + i] for i in range(half)])


def _ratio(highest: float, lowest: float) -> str:
    if lowest:
        return f"{highest / lowest:.1f}"
    return "undefined, as the lowest is zero" if highest else "undefined, as no sentence is flagged"


def _behaviour() -> tuple[int, int, str]:
    with BEHAVIOUR.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    tests: dict[str, list[bool]] = {}
    for row, decision in zip(rows, _read(DECISIONS)["flagged"], strict=True):
        tests.setdefault(row["test"], []).append((row["label"] == "toxic") == (decision == "1"))
    cells = [f"{name} {sum(right)}/{len(right)}" for name, right in tests.items()]
    return sum(map(sum, tests.values())), len(rows), ", ".join(cells) + "."


def _latency(latency: dict[str, dict[str, float]]) -> str:
    shapes = list(next(iter(latency.values())))
    return _table(
        ["texts x tokens, ms", *shapes], [[name, *(f"{row[s]:.1f}" for s in shapes)] for name, row in latency.items()]
    )


def _difference(row: dict[str, float]) -> str:
    return (
        f"largest difference of a score {row['largest_score']:.4f}, of a logit {row['largest_logit']:.4f},"
        f" mean difference of a score {row['mean_score']:.5f}, other decisions at 0.5: {row['other_decisions']}"
        f" ({row['texts']} texts)"
    )


def _shares(validation: dict[str, dict[str, float]]) -> str:
    rows = [[_percent(float(share)), f"{row['auc']:.4f}", f"{row['own_auc']:.4f}"] for share, row in validation.items()]
    return _table(["share of the start", "annotated", "own"], rows)


def _corrections() -> Counter[str]:
    with CORRECTIONS.open(encoding="utf-8", newline="") as file:
        return Counter(row["decision"] for row in csv.DictReader(file, delimiter="\t"))


def write_card(work: Path, folder: Path) -> None:
    """Writes `MODEL_CARD.md` from what the steps left in `work`, the committed ablations and the behaviour suite."""
    measured, verified, calibration = (
        _read(work / name) for name in ("measured.json", "verified.json", "calibrated/calibration.json")
    )
    rounds, ablations = _read(ROUNDS), _read(ABLATIONS)
    adaptation, second, distilled = (rounds[name] for name in ("adaptation", "second-0", "distilled-0"))
    groups, corrections = measured["bias"]["by_group"], _corrections()
    shares = {group: row["flagged"] for group, row in groups.items()}
    highest, lowest = max(shares, key=lambda g: shares[g]), min(shares.values())
    means = [row["mean"] for row in groups.values()]
    right, count, behaviour = _behaviour()
    terms = measured["bias"]["terms"]
    flagged_terms = [f"{term} {row['flagged']}/{row['texts']}" for term, row in terms.items() if row["flagged"]]
    ranking = measured["ranking"]["int8"]
    own = ("written", "generated", "annotated")
    card = TEMPLATE.read_text(encoding="utf-8").format(
        name=NAME,
        version=__version__,
        quantised=QUANTISED,
        tokens=MAX_TOKENS,
        headline=_headline(measured["headline"]),
        held_out=f"{sum(int(row['toxic'] + row['non_toxic']) for name, row in ranking.items() if name != 'annotated'):,}",
        ranking=_ranking(ablations["held_out"], measured["ranking"]),
        test_ranking=_ranking(ablations["test"], measured["test_ranking"]),
        test_rows=sum(int(row["texts"]) for name, row in measured["headline"].items() if "auc" in row and name not in own),
        ordinary_count=f"{sum(row['texts'] for row in measured['ordinary'].values()):,}",
        thresholds=_thresholds(measured["thresholds"]),
        calibration_error=measured["calibration_error"],
        fitted_error=calibration["calibration_error"],
        temperature=calibration["temperature"],
        bias=calibration["bias"],
        window_bias=calibration["window_bias"],
        everyday_target=_percent(SENTENCE_TARGETS[0]),
        news_target=_percent(SENTENCE_TARGETS[1]),
        long_target=_percent(LONG_TARGET),
        ordinary="\n".join(
            f"| {kind} | {row['texts']:,} | {_percent(row['flagged'])} |" for kind, row in measured["ordinary"].items()
        ),
        long_count=LONG_TEXTS,
        long_flagged=_percent(measured["long_flagged"]),
        frames=len(FRAMES),
        groups=len(GROUPS),
        bias_high=_percent(shares[highest]),
        bias_high_group=highest,
        bias_low=_percent(lowest),
        bias_all=_percent(sum(shares.values()) / len(shares)),
        bias_mean_low=min(means),
        bias_mean_high=max(means),
        bias_ratio=_ratio(shares[highest], lowest),
        bias_table=_bias(groups),
        terms="flagged " + ", ".join(flagged_terms) if flagged_terms else "none is flagged",
        evasions=_evasions(measured["evasions"]),
        lower=measured["case"]["lower"],
        capitals=measured["case"]["capitals"],
        behaviour_right=right,
        behaviour_count=count,
        behaviour=behaviour,
        int8_gap=_difference(measured["int8_against_float32"]),
        batch_gap=_difference(measured["single_against_batched"]),
        wrong_sums=verified["wrong_sums"],
        processor=verified["processor"],
        **verified["logit_gap"],
        equal=verified["equal_lines"],
        lines=verified["lines"],
        runs=RUNS,
        latency=_latency(measured["latency_ms"]),
        int8_mb=measured["megabytes"]["int8"],
        small_mb=measured["megabytes"]["six layers, int8"],
        adaptation=adaptation,
        rounds=rounds,
        label_share=_percent(targets.SECOND_LABEL_SHARE),
        reviewed=REVIEWED_ROWS,
        flips=corrections["flip"],
        drops=corrections["drop"],
        second=second,
        distilled=distilled,
        distilled_models="the average of two models" if "distilled-1" in rounds else "one model",
        distilled_targets=rounds["distilled-targets"],
        distilled_label_share=_percent(distil.LABEL_SHARE),
        crossed=distil.CROSSED_TEXTS,
        long_rows=DISTILLED_LONG_ROWS,
        start_share=_percent(rounds["distilled"]["start"]),
        shares=_shares(rounds["distilled"]["validation"]),
        generated=Settings.generated_rows_per_epoch,
        harmless=Settings.harmless_rows_per_epoch,
        changed=_percent(Settings.change_share),
        neighbour=_percent(Settings.neighbour_share),
    )
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
