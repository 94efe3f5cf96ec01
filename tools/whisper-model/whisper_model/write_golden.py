"""Writes the golden file: token ids by `transformers` in float32, and by the int8 files."""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import soundfile

from . import __version__
from .model_folder import INT8_DECODER, INT8_ENCODER, NAME, sha256
from .recogniser import FRAMES, MOST_TOKENS, SAMPLING_RATE, Recogniser, frames_for
from .reference import greedy, open_reference

LANGUAGE = "fr"
PACKAGES = ("onnxruntime", "tokenizers", "torch", "transformers")
COMMAND = "python -m whisper_model golden --work WORK --out models/whisper-base"
SILENCE_SECONDS = 5


def write_golden(source: Path, folder: Path, clips: Path, target: Path) -> None:
    """Writes the ids, and what else the model says, of all clips in `clips`."""
    samples = {path.name: soundfile.read(path, dtype="float32")[0] for path in sorted(clips.glob("*.wav"))}
    _write(target, _tokens(source, folder, samples))


def _tokens(source: Path, folder: Path, samples: dict[str, np.ndarray]) -> dict[str, object]:
    recogniser, model = Recogniser(folder, "_quantized"), open_reference(source / "model.bin", folder)
    note = (
        "Greedy, without timestamps, ids without prompt and end. float32: transformers' generate on 3,000 frames. int8: the"
        " files of the model folder, on 3,000 frames and on the shortest window that the service uses. A margin is the smallest"
        " lead that a chosen logit had over the next one. Rounding to 8 bits makes much of little: changing the spectrogram by"
        " 1e-5 moved the largest int8 logits by 0.15 on average, 0.7 at most. So other processors, and spectrograms computed"
        " otherwise, give the same int8 ids only where the margin is large enough. float32 ids differ only below 0.001."
    )
    clips = []
    for name, clip in samples.items():
        full = recogniser.features(clip, FRAMES)
        exact = greedy(model, full, LANGUAGE, MOST_TOKENS)
        forms = {"float32": {"frames": FRAMES, "tokens": exact.tokens, "margin": round(exact.margin, 4)}}
        for form, frames in (("int8", FRAMES), ("int8Short", frames_for(len(clip)))):
            states = recogniser.encode(recogniser.features(clip, frames))
            decoded, (no_speech, languages) = recogniser.greedy(states, LANGUAGE), recogniser.start(states)
            forms[form] = {
                "frames": frames,
                "tokens": decoded.tokens,
                "margin": round(decoded.margin, 4),
                "noSpeech": round(no_speech, 5),
                "languages": _likeliest(languages),
            }
        text = recogniser.text(forms["int8"]["tokens"])
        clips.append({"file": name, "seconds": round(len(clip) / SAMPLING_RATE, 3), "text": text, **forms})
    silence = recogniser.features(np.zeros(SILENCE_SECONDS * SAMPLING_RATE, np.float32), frames_for(0))
    no_speech, _ = recogniser.start(recogniser.encode(silence))
    model_facts = {
        "name": NAME,
        "version": __version__,
        "sha256": {name: sha256(folder / name) for name in (INT8_ENCODER, INT8_DECODER)},
    }
    return {
        **_header(),
        "model": model_facts,
        "note": note,
        "language": LANGUAGE,
        "prompt": recogniser.prompt(LANGUAGE),
        "silence": {"frames": frames_for(0), "noSpeech": round(no_speech, 5)},
        "clips": clips,
    }


def _likeliest(languages: dict[str, float]) -> dict[str, float]:
    """The three likeliest."""
    ordered = sorted(languages.items(), key=lambda entry: -entry[1])[:3]
    return {code: round(probability, 5) for code, probability in ordered}


def _header() -> dict[str, object]:
    versions = {name: version(name) for name in PACKAGES}
    return {"tool": f"tools/whisper-model {__version__}", "versions": versions, "command": COMMAND}


def _write(target: Path, content: dict[str, object]) -> None:
    """One line for each clip: a few hundred kilobytes, but differences can still be read."""
    clips = content.pop("clips")
    head = json.dumps(content, indent=1, ensure_ascii=False)[:-2]
    lines = ",\n".join("  " + json.dumps(clip, ensure_ascii=False, separators=(",", ":")) for clip in clips)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f'{head},\n "clips": [\n{lines}\n ]\n}}\n', encoding="utf-8")
