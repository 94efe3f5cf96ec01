"""Command line: `python -m voxtral_golden make` writes the model folders and the golden file."""

import argparse
import logging
from pathlib import Path

import torch
from transformers import VoxtralForConditionalGeneration

from .build_model import build_model
from .clips import CLIPS
from .forms import write_forms
from .settings_files import write_settings
from .shape import SHAPES, Shape
from .teach import teach
from .vocabulary import check_vocabulary, open_vocabulary, write_vocabulary
from .write_golden import Model, write_golden

ROOT = Path(__file__).resolve().parents[3]
SOURCES = Path(__file__).with_name("sources.md")


def main() -> None:
    arguments = _parse()
    torch.set_num_threads(1)
    logging.getLogger("onnxruntime.quantization").setLevel(logging.WARNING)
    models = [_make(shape, arguments) for shape in SHAPES]
    write_golden(models, arguments.clips, arguments.golden)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="voxtral_golden", description=__doc__)
    parser.add_argument("command", choices=["make"])
    parser.add_argument("--work", type=Path, required=True, help="where the taught weights lie; delete them to teach again")
    parser.add_argument("--models", type=Path, default=ROOT / "test/fixtures/models", help="where the model folders go")
    parser.add_argument("--golden", type=Path, default=ROOT / "test/golden/voxtral.json", help="the golden file")
    parser.add_argument("--clips", type=Path, default=ROOT / "test/fixtures/audio/speech", help="the folder of the recordings")
    return parser.parse_args()


def _make(shape: Shape, arguments: argparse.Namespace) -> Model:
    folder = arguments.models / shape.name
    folder.mkdir(parents=True, exist_ok=True)
    write_vocabulary(folder)
    check_vocabulary(folder, (clip.lesson for clip in CLIPS))
    write_settings(shape, folder)
    (folder / "SOURCES.md").write_text(SOURCES.read_text(encoding="utf-8"), encoding="utf-8")
    weights = _taught(shape, folder, arguments)
    write_forms(weights, shape, folder / "onnx")
    return Model(shape, weights, folder)


def _taught(shape: Shape, folder: Path, arguments: argparse.Namespace) -> VoxtralForConditionalGeneration:
    model, path = build_model(shape), arguments.work / f"{shape.name}.pt"
    if path.exists():
        model.load_state_dict(torch.load(path))
    else:
        print(f"{shape.name} → {path}", flush=True)
        teach(model, open_vocabulary(folder), arguments.clips)
        arguments.work.mkdir(parents=True, exist_ok=True)
        torch.save(model.state_dict(), path)
    return model


if __name__ == "__main__":
    main()
