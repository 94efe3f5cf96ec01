"""French telephone prompts with their transcripts, out of the Debian packages that hold them (CC BY-SA 3.0)."""

import gzip
import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from .recogniser import SAMPLING_RATE

SOUNDS = "usr/share/asterisk/sounds/fr_CA_f_June"
TRANSCRIPTS = "usr/share/doc/asterisk-core-sounds-fr/core-sounds-fr.txt.gz"
VERSION = "1.6.1-1"
# The transcripts, the recordings at 8 kHz, and the same at 16 kHz in ITU-T G.722.
SHA256 = {
    "asterisk-core-sounds-fr": "04c82c78c570c43a7136cbc5e2488d0c470b775468dff9fbce4a131b18cf1056",
    "asterisk-core-sounds-fr-wav": "8d4e1bc32ed5ba7fbda40841ca1825ed20cc6232724a473c90f8bb0e53e6073e",
    "asterisk-core-sounds-fr-g722": "7add61d5e42279ecff1bbdf842a5a946ac3644fac9a0fe44384731aa7270c8e0",
}


@dataclass(frozen=True)
class Prompt:
    """One recording. `name` is its path without ending, as the package has it."""

    name: str
    transcript: str
    path: Path

    def samples(self) -> np.ndarray:
        """float32 at 16 kHz."""
        samples, rate = soundfile.read(self.path, dtype="float32")
        return soxr.resample(samples, rate, SAMPLING_RATE, "VHQ")


def fetch_prompts(folder: Path) -> None:
    """Downloads the packages with apt, checks their digests and unpacks them into `folder`. Nothing is installed."""
    folder.mkdir(parents=True, exist_ok=True)
    for package, digest in SHA256.items():
        subprocess.run(["apt-get", "download", f"{package}={VERSION}"], cwd=folder, check=True)
        archive = folder / f"{package}_{VERSION}_all.deb"
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != digest:
            raise ValueError(f"{archive.name} has sha256 {found}, expected {digest}")
        subprocess.run(["dpkg", "-x", archive.name, "."], cwd=folder, check=True)


def read_prompts(folder: Path) -> list[Prompt]:
    """The prompts that have both a recording at 8 kHz and a transcript; those of mere sounds, `[…]` or `(…)`, are left out."""
    lines = gzip.decompress((folder / TRANSCRIPTS).read_bytes()).decode("utf-8").splitlines()
    prompts = []
    for line in lines:
        name, colon, transcript = line.partition(":")
        path = folder / SOUNDS / f"{name}.wav"
        # A line break is missing after one transcript: the next name follows at once.
        transcript = transcript.partition("vm-review-nonurgent:")[0].strip()
        if colon and transcript and transcript[0] not in "[(" and path.exists():
            prompts.append(Prompt(name, transcript, path))
    return prompts
