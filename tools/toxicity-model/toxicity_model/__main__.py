"""Command line: `python -m toxicity_model build` does every step, each step's name does that one."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import CamembertForSequenceClassification

from . import calibrate, export_onnx, extract_encoder, fetch, measure, transplant, verify, write_token_ids
from .model_folder import assemble, copy_configuration
from .quantise import quantise
from .train import Settings, Trainer
from .write_card import write_card
from .write_golden import write_golden


@dataclass(frozen=True)
class Places:
    """Where everything lies: the data, the work folder, the model folder, the golden files, and the time to train."""

    data: Path
    work: Path
    out: Path
    golden: Path
    minutes: float

    @property
    def encoder(self) -> Path:
        return self.work / "e5-small-q4.bin"

    @property
    def transplanted(self) -> Path:
        return self.work / "transplanted"

    @property
    def trained(self) -> Path:
        return self.work / "trained"

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
    def verified(self) -> Path:
        return self.work / "verified.json"

    @property
    def measured(self) -> Path:
        return self.work / "measured.json"

    @property
    def token_ids(self) -> Path:
        return self.work / "token-ids-20000.jsonl.gz"


def _transplant(places: Places) -> None:
    tokenizer = Tokenizer.from_file(str(places.data / "camembert-tokenizer" / "tokenizer.json"))
    model, ways = transplant.build(extract_encoder.read(places.encoder), tokenizer)
    print("word embeddings:", dict(ways))
    model.save_pretrained(places.transplanted)


def _train(places: Places) -> None:
    model = CamembertForSequenceClassification.from_pretrained(places.transplanted)
    Trainer(model, places.data, Settings(minutes=places.minutes)).run(places.trained)


def _export(places: Places) -> None:
    export_onnx.export(places.calibrated, places.float32)
    copy_configuration(places.calibrated, places.data, places.work)


def _quantise(places: Places) -> None:
    quantise(places.calibrated, places.data, places.int8)
    assemble(places.calibrated, places.data, places.int8, places.out)


@dataclass(frozen=True)
class Step:
    """One step, and the file that shows that it is done."""

    run: Callable[[Places], None]
    product: Callable[[Places], Path]


STEPS = {
    "fetch": Step(lambda p: fetch.fetch(p.encoder), lambda p: p.encoder),
    "transplant": Step(_transplant, lambda p: p.transplanted / "model.safetensors"),
    "train": Step(_train, lambda p: p.trained / "training.json"),
    "calibrate": Step(
        lambda p: calibrate.calibrate(p.trained, p.data, p.calibrated), lambda p: p.calibrated / "calibration.json"
    ),
    "export": Step(_export, lambda p: p.float32),
    "quantise": Step(_quantise, lambda p: p.int8),
    "verify": Step(lambda p: verify.verify(p.calibrated, p.work, p.data, p.verified), lambda p: p.verified),
    "measure": Step(lambda p: measure.measure(p.out, p.float32, p.data, p.measured), lambda p: p.measured),
    "token-ids": Step(lambda p: write_token_ids.write_token_ids(p.out, p.data, p.token_ids, 20_000), lambda p: p.token_ids),
    "golden": Step(lambda p: write_golden(p.out, p.golden), lambda p: p.golden / "classify-logits.json"),
    "card": Step(lambda p: write_card(p.work, p.out), lambda p: p.out / "MODEL_CARD.md"),
}
# Cheap, and they must match the model: `build` always writes them again.
ALWAYS = ("golden", "card")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="toxicity_model", description=__doc__)
    parser.add_argument("step", choices=["build", *STEPS], help="`build` does every step that has not been done yet")
    parser.add_argument("--data", type=Path, required=True, help="holds toxicity-fr, text-fr and camembert-tokenizer")
    parser.add_argument("--work", type=Path, required=True, help="intermediate files; delete one to have its step done again")
    parser.add_argument("--out", type=Path, required=True, help="the model folder")
    parser.add_argument("--golden", type=Path, required=True, help="the folder of the golden files")
    parser.add_argument("--minutes", type=float, default=Settings.minutes, help="time to train (default %(default)s)")
    return parser.parse_args()


def main() -> None:
    arguments = _parse()
    torch.set_num_threads(1)
    places = Places(arguments.data, arguments.work, arguments.out, arguments.golden, arguments.minutes)
    places.work.mkdir(parents=True, exist_ok=True)
    for name, step in STEPS.items():
        wanted = name == arguments.step
        if arguments.step == "build":
            wanted = name in ALWAYS or not step.product(places).exists()
        if wanted:
            print(f"{name} → {step.product(places)}", flush=True)
            step.run(places)


if __name__ == "__main__":
    main()
