"""Command line: `python -m whisper_model build` does every step, each step's name does that one."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from .fetch import fetch
from .measure_errors import measure_errors
from .measure_time import measure_time
from .model_folder import write_float32_folder, write_int8_folder, write_public_folder
from .prompts import fetch_prompts
from .service_errors import measure_service_errors
from .verify import verify
from .write_card import write_card
from .write_clips import TABLE, write_clips
from .write_golden import write_golden

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Places:
    """Where everything lies: the work folder, the model folder, the golden file, the committed clips, a running service."""

    work: Path
    out: Path
    golden: Path
    clips: Path
    service: str | None

    @property
    def source(self) -> Path:
        return self.work / "source"

    @property
    def float32(self) -> Path:
        return self.work / "float32"

    @property
    def public(self) -> Path:
        return self.work / "public"

    @property
    def verified(self) -> Path:
        return self.work / "verified.json"

    @property
    def debian(self) -> Path:
        return self.work / "debian"

    @property
    def errors(self) -> Path:
        return self.work / "word-errors.json"

    @property
    def service_errors(self) -> Path:
        return self.work / "service-word-errors.json"

    @property
    def times(self) -> Path:
        return self.work / "times.json"


@dataclass(frozen=True)
class Step:
    """One step, and the file that shows that it is done."""

    run: Callable[[Places], None]
    product: Callable[[Places], Path]


STEPS = {
    "fetch": Step(lambda p: fetch(p.source), lambda p: p.source / "model.bin"),
    "int8": Step(lambda p: write_int8_folder(p.source, p.out), lambda p: p.out / "manifest.json"),
    "float32": Step(lambda p: write_float32_folder(p.source, p.float32), lambda p: p.float32 / "tokenizer.json"),
    "public": Step(lambda p: write_public_folder(p.source, p.public), lambda p: p.public / "tokenizer.json"),
    "verify": Step(lambda p: verify(p.source, p.out, p.float32, p.public, p.verified), lambda p: p.verified),
    "prompts": Step(lambda p: fetch_prompts(p.debian), lambda p: p.debian / "usr"),
    "clips": Step(lambda p: write_clips(p.debian, p.clips), lambda p: p.clips / TABLE),
    "golden": Step(lambda p: write_golden(p.source, p.out, p.clips, p.golden), lambda p: p.golden),
    "wer": Step(lambda p: measure_errors(p.out, p.float32, p.debian, p.errors), lambda p: p.errors),
    "service": Step(lambda p: measure_service_errors(p.service, p.debian, p.service_errors), lambda p: p.service_errors),
    "times": Step(lambda p: measure_time(p.out, p.float32, p.times), lambda p: p.times),
    "card": Step(lambda p: write_card(p.work, p.golden, p.out), lambda p: p.out / "MODEL_CARD.md"),
}
# Cheap, and it must match the model: `build` always writes it again.
ALWAYS = ("card",)
# Needs a service that runs: `build` leaves it out.
ON_REQUEST = ("service",)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="whisper_model", description=__doc__)
    parser.add_argument("step", choices=["build", *STEPS], help="`build` does those not done yet, but never `service`")
    parser.add_argument("--work", type=Path, required=True, help="intermediate files; delete one to have its step done again")
    parser.add_argument("--out", type=Path, required=True, help="the model folder")
    parser.add_argument("--golden", type=Path, default=ROOT / "test/golden/whisper-tokens.json", help="the golden file")
    parser.add_argument("--clips", type=Path, default=ROOT / "test/fixtures/audio/speech", help="the folder of the clips")
    parser.add_argument("--service", help="address of a running service, http://HOST:PORT: what the step `service` asks")
    return parser.parse_args()


def main() -> None:
    arguments = _parse()
    torch.set_num_threads(1)
    places = Places(arguments.work, arguments.out, arguments.golden, arguments.clips, arguments.service)
    for name, step in STEPS.items():
        wanted = name == arguments.step
        if arguments.step == "build":
            wanted = name in ALWAYS or (name not in ON_REQUEST and not step.product(places).exists())
        if wanted:
            print(f"{name} → {step.product(places)}", flush=True)
            step.run(places)


if __name__ == "__main__":
    main()
