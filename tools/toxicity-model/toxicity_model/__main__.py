"""Command line: `python -m toxicity_model build` does every step, each step's name does that one."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import CamembertForSequenceClassification

from . import (
    ablate,
    adapt,
    calibrate,
    distil,
    export_onnx,
    extract_encoder,
    fetch,
    measure,
    record_rounds,
    restore,
    rounds,
    targets,
    transplant,
    verify,
    write_token_ids,
)
from .model_folder import assemble, copy_configuration
from .quantise import quantise
from .write_card import ABLATIONS, ROUNDS, write_card
from .write_golden import write_golden


@dataclass(frozen=True)
class Places:
    """Where everything lies: the data, the work folder, the model folder, the golden files, and the minutes of a training."""

    data: Path
    work: Path
    out: Path
    golden: Path
    minutes: float

    @property
    def encoder(self) -> Path:
        return self.work / "e5-small-q4.bin"

    @property
    def targets(self) -> Path:
        return self.work / "targets.json"

    @property
    def distilled_targets(self) -> Path:
        return self.work / "distilled-targets.json"

    @property
    def start(self) -> Path:
        """What the distilled round goes on from: the released model where it was restored, else this build's own."""
        restored = self.weights("restored")
        return restored if restored.exists() else self.weights("merged")

    @property
    def calibrated(self) -> Path:
        return self.work / "calibrated"

    @property
    def float32(self) -> Path:
        return self.work / "onnx" / "model.onnx"

    @property
    def int8(self) -> Path:
        return self.work / "onnx" / "model_quantized.onnx"

    @property
    def small_int8(self) -> Path:
        return self.work / "onnx" / "model_small_quantized.onnx"

    @property
    def verified(self) -> Path:
        return self.work / "verified.json"

    @property
    def token_ids(self) -> Path:
        return self.work / "token-ids-20000.jsonl.gz"

    def weights(self, name: str) -> Path:
        """The folder of a checkpoint."""
        return self.work / name


def _checkpoint(places: Places, name: str) -> Path:
    return places.weights(name) / "model.safetensors"


def _transplant(places: Places) -> None:
    tokenizer = Tokenizer.from_file(str(places.data / "camembert-tokenizer" / "tokenizer.json"))
    model, ways = transplant.build(extract_encoder.read(places.encoder), tokenizer)
    print("word embeddings:", dict(ways))
    model.save_pretrained(places.weights("transplanted"))


def _adapt(places: Places) -> None:
    model = CamembertForSequenceClassification.from_pretrained(places.weights("transplanted"))
    settings = adapt.Settings(minutes=places.minutes / 2)
    adapt.adapt(model, extract_encoder.read(places.encoder), places.data, places.weights("adapted"), settings)


def _first(half: int) -> Callable[[Places], None]:
    return lambda p: rounds.first(p.data, p.weights("adapted"), half, p.minutes, p.weights(f"first-{half}"))


def _second(seed: int) -> Callable[[Places], None]:
    return lambda p: rounds.second(p.data, p.weights("first"), p.targets, seed, p.minutes, p.weights(f"second-{seed}"))


def _last(seed: int) -> Callable[[Places], None]:
    minutes = 1 / 4  # of the other trainings
    return lambda p: rounds.last(p.data, p.weights("second"), p.targets, seed, minutes * p.minutes, p.weights(f"last-{seed}"))


def _first_recipe(places: Places) -> None:
    rounds.first_recipe(places.data, places.weights("transplanted"), places.minutes, places.weights("trained"))


def _distilled(seed: int) -> Callable[[Places], None]:
    return lambda p: rounds.distilled(p.data, p.start, p.distilled_targets, seed, p.minutes, p.weights(f"distilled-{seed}"))


def _average(name: str) -> Callable[[Places], None]:
    return lambda p: rounds.average([p.weights(f"{name}-0"), p.weights(f"{name}-1")], p.weights(name))


def _settle(places: Places) -> None:
    ends = [places.weights(name) for name in ("distilled-0", "distilled-1") if _checkpoint(places, name).exists()]
    rounds.settle(places.data, places.start, ends, places.weights("distilled"))


def _targets(places: Places) -> None:
    targets.write_targets(places.data, (places.weights("first-0"), places.weights("first-1")), places.targets)


def _small(places: Places) -> None:
    minutes = 1 / 2  # of the other trainings
    small = places.weights("small")
    rounds.small(places.data, places.weights("distilled"), places.distilled_targets, minutes * places.minutes, small)


def _export(places: Places) -> None:
    export_onnx.export(places.calibrated, places.float32)
    copy_configuration(places.calibrated, places.data, places.work)


def _quantise(places: Places) -> None:
    quantise(places.calibrated, places.data, places.int8)
    assemble(places.calibrated, places.data, places.int8, places.out)


def _quantise_small(places: Places) -> None:
    calibrate.calibrate(places.weights("small"), places.data, places.weights("small-calibrated"))
    quantise(places.weights("small-calibrated"), places.data, places.small_int8)


@dataclass(frozen=True)
class Step:
    """One step, and the file that shows that it is done."""

    run: Callable[[Places], None]
    product: Callable[[Places], Path]


STEPS = {
    "restore": Step(lambda p: restore.restore(p.out, p.data, p.weights("restored")), lambda p: _checkpoint(p, "restored")),
    "fetch": Step(lambda p: fetch.fetch(p.encoder), lambda p: p.encoder),
    "transplant": Step(_transplant, lambda p: _checkpoint(p, "transplanted")),
    "adapt": Step(_adapt, lambda p: _checkpoint(p, "adapted")),
    "first-0": Step(_first(0), lambda p: _checkpoint(p, "first-0")),
    "first-1": Step(_first(1), lambda p: _checkpoint(p, "first-1")),
    "first": Step(_average("first"), lambda p: _checkpoint(p, "first")),
    "targets": Step(_targets, lambda p: p.targets),
    "second-0": Step(_second(0), lambda p: _checkpoint(p, "second-0")),
    "second-1": Step(_second(1), lambda p: _checkpoint(p, "second-1")),
    "second": Step(_average("second"), lambda p: _checkpoint(p, "second")),
    "last-0": Step(_last(0), lambda p: _checkpoint(p, "last-0")),
    "last-1": Step(_last(1), lambda p: _checkpoint(p, "last-1")),
    "last": Step(_average("last"), lambda p: _checkpoint(p, "last")),
    "first-recipe": Step(_first_recipe, lambda p: _checkpoint(p, "trained")),
    "merged": Step(
        lambda p: rounds.merge(p.weights("last"), p.weights("trained"), p.weights("merged")), lambda p: _checkpoint(p, "merged")
    ),
    "distilled-targets": Step(
        lambda p: distil.write_targets(p.data, p.start, p.distilled_targets), lambda p: p.distilled_targets
    ),
    "distilled-0": Step(_distilled(0), lambda p: _checkpoint(p, "distilled-0")),
    "distilled-1": Step(_distilled(1), lambda p: _checkpoint(p, "distilled-1")),
    "distilled": Step(_settle, lambda p: p.weights("distilled") / "shares.json"),
    "calibrate": Step(
        lambda p: calibrate.calibrate(p.weights("distilled"), p.data, p.calibrated), lambda p: p.calibrated / "calibration.json"
    ),
    "export": Step(_export, lambda p: p.float32),
    "quantise": Step(_quantise, lambda p: p.int8),
    "small": Step(_small, lambda p: _checkpoint(p, "small")),
    "quantise-small": Step(_quantise_small, lambda p: p.small_int8),
    "rounds": Step(lambda p: record_rounds.record_rounds(p.work, ROUNDS), lambda p: ROUNDS),
    "verify": Step(lambda p: verify.verify(p.calibrated, p.work, p.data, p.verified), lambda p: p.verified),
    "ablate": Step(lambda p: ablate.ablate(p.work, p.data, ABLATIONS), lambda p: ABLATIONS),
    "measure": Step(
        lambda p: measure.measure(p.out, p.float32, p.small_int8, p.data, p.work / "measured.json"),
        lambda p: p.work / "measured.json",
    ),
    "token-ids": Step(lambda p: write_token_ids.write_token_ids(p.out, p.data, p.token_ids, 20_000), lambda p: p.token_ids),
    "golden": Step(lambda p: write_golden(p.out, p.data, p.golden), lambda p: p.golden / "classify-logits.json"),
    "card": Step(lambda p: write_card(p.work, p.out), lambda p: p.out / "MODEL_CARD.md"),
}
# Not part of `build`: it goes on from the released model instead of building one from the encoder.
APART = ("restore",)
# Cheap, and they must match the model: `build` always writes them again.
ALWAYS = ("rounds", "golden", "card")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="toxicity_model", description=__doc__)
    parser.add_argument("step", choices=["build", *STEPS], help="`build`: every step not done yet, but `restore`")
    parser.add_argument("--data", type=Path, required=True, help="holds toxicity-fr, text-fr and camembert-tokenizer")
    parser.add_argument("--work", type=Path, required=True, help="intermediate files; delete one to have its step done again")
    parser.add_argument("--out", type=Path, required=True, help="the model folder")
    parser.add_argument("--golden", type=Path, required=True, help="the folder of the golden files")
    parser.add_argument("--minutes", type=float, default=35.0, help="CPU time of each training (default %(default)s)")
    return parser.parse_args()


def main() -> None:
    arguments = _parse()
    torch.set_num_threads(1)
    places = Places(arguments.data, arguments.work, arguments.out, arguments.golden, arguments.minutes)
    places.work.mkdir(parents=True, exist_ok=True)
    for name, step in STEPS.items():
        wanted = name == arguments.step
        if arguments.step == "build":
            wanted = name in ALWAYS or (name not in APART and not step.product(places).exists())
        if wanted:
            print(f"{name} → {step.product(places)}", flush=True)
            step.run(places)


if __name__ == "__main__":
    main()
