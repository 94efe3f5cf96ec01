"""Writes the short clips that the service's tests and examples use, out of the telephone prompts."""

import subprocess
from pathlib import Path

from .prompts import SOUNDS, read_prompts
from .recogniser import SAMPLING_RATE

# Of all lengths. In about half of them the model is sure enough of every word for its int8 form to write the same anywhere.
CHOSEN = (
    "hello-world",
    "agent-loggedoff",
    "agent-loginok",
    "tt-somethingwrong",
    "conf-unmuted",
    "conf-extended",
    "conf-full",
    "conf-nonextended",
    "confbridge-conf-end",
    "demo-echodone",
    "conf-placeintoconf",
    "something-terribly-wrong",
    "conf-now-recording",
    "demo-nomatch",
    "feature-not-avail-line",
    "check-number-dial-again",
    "vm-sorry",
    "confbridge-only-one",
    "dir-nomore",
    "transfer",
    "privacy-prompt",
    "followme/sorry",
    "ss-noservice",
    "invalid",
    "vm-intro",
    "demo-abouttotry",
)
TABLE = "transcripts.tsv"


def write_clips(debian: Path, folder: Path) -> None:
    """Writes each prompt as 16-bit mono at 16 kHz, decoded from its G.722 form, and `transcripts.tsv`: file and transcript."""
    folder.mkdir(parents=True, exist_ok=True)
    transcripts = {prompt.name: prompt.transcript for prompt in read_prompts(debian)}
    rows = ["file\ttranscript"]
    for name in CHOSEN:
        file = name.replace("/", "-") + ".wav"
        _decode(debian / SOUNDS / f"{name}.g722", folder / file)
        rows.append(f"{file}\t{' '.join(transcripts[name].split())}")
    (folder / TABLE).write_text("\n".join(rows) + "\n", encoding="utf-8")


def _decode(source: Path, target: Path) -> None:
    """With ffmpeg, whose G.722 decoder computes in integers: the samples are the same everywhere."""
    command = ["ffmpeg", "-loglevel", "error", "-y", "-f", "g722", "-i", str(source), "-ar", str(SAMPLING_RATE)]
    subprocess.run([*command, "-c:a", "pcm_s16le", "-bitexact", str(target)], check=True)
