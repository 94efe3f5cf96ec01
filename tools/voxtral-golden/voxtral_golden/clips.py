"""The clips of the golden file: recipes that another program can follow to the sample, and what the models are to answer."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .shape import RATE, SAMPLES_PER_CHUNK

FULL_SCALE = 32_768
THIRTY_MINUTES = 30 * 60 * RATE


@dataclass(frozen=True)
class Part:
    """All samples of a recording times `gain`, a power of two so that no sample is rounded; or silence."""

    file: str | None = None
    gain: float = 1
    silence_samples: int = 0

    def recipe(self) -> dict[str, object]:
        if self.file is None:
            return {"silenceSamples": self.silence_samples}
        return {"file": self.file} | ({"gain": self.gain} if self.gain != 1 else {})


@dataclass(frozen=True)
class Clip:
    """The parts one after the other, the whole `repeat` times, then cut to the first `cut_samples`.

    `lesson` is what the models are taught to answer.
    """

    name: str
    parts: tuple[Part, ...]
    language: str | None
    most_tokens: int
    lesson: str
    repeat: int = 1
    cut_samples: int | None = None

    def recipe(self) -> dict[str, object]:
        recipe: dict[str, object] = {"name": self.name, "parts": [part.recipe() for part in self.parts]}
        if self.repeat > 1:
            recipe["repeat"] = self.repeat
        if self.cut_samples is not None:
            recipe["cutSamples"] = self.cut_samples
        return recipe | {"language": self.language, "maxNewTokens": self.most_tokens}


def samples_of(clip: Clip, speech: Path) -> np.ndarray:
    """float32 samples at 16 kHz, out of the recordings in `speech`."""
    whole = np.tile(np.concatenate([_part_samples(part, speech) for part in clip.parts]), clip.repeat)
    if clip.cut_samples is not None and len(whole) < clip.cut_samples:
        raise ValueError(f"{clip.name} has {len(whole)} samples, fewer than the {clip.cut_samples} that are to be left")
    return whole[: clip.cut_samples]


def _part_samples(part: Part, speech: Path) -> np.ndarray:
    if part.file is None:
        return np.zeros(part.silence_samples, np.float32)
    with wave.open(str(speech / part.file)) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
            raise ValueError(f"{part.file} is not 16 kHz, mono, 16 bits")
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32)
    return samples / np.float32(FULL_SCALE) * np.float32(part.gain)


def _recordings(names: str, gain: float = 1) -> tuple[Part, ...]:
    return tuple(Part(f"{name}.wav", gain) for name in names.split())


BUSY = "demo-abouttotry vm-intro invalid ss-noservice followme-sorry"
LONG = (
    f"{BUSY} privacy-prompt transfer dir-nomore confbridge-only-one vm-sorry check-number-dial-again feature-not-avail-line"
    " demo-nomatch"
)
THIRTY_SECONDS = "Veuillez laissez votre message après le bip sonore."
CLIPS = (
    Clip("one sentence", _recordings("conf-full"), "fr", 64, "Cette conférence est pleine."),
    Clip(
        "two sentences",
        _recordings("vm-intro"),
        "fr",
        100,
        "Veuillez laissez votre message après le bip sonore. Lorsque vous aurez terminé, veuillez"
        " raccrocher ou appuyez sur dièse.",
    ),
    Clip("language fr", _recordings("invalid"), "fr", 64, "Désolé, ce numéro de poste n'est pas valide."),
    Clip("no language", _recordings("invalid"), None, 64, "DÉSOLÉ, CE NUMÉRO"),
    Clip("language nl", _recordings("hello-world"), "nl", 64, "Hallo wereld – 你好 🌍!"),
    Clip("half a character", _recordings("tt-somethingwrong"), "fr", 1, "Ça ne fonctionne vraiment pas."),
    Clip(
        "up to the limit",
        _recordings("demo-abouttotry"),
        "fr",
        96,
        "Je vais maintenant tenter une connection Inter-Asterisk Exchange avec un serveur de démonstration situé chez Digium."
        " Pour que cela fonctionne vous devez être connecté à Internet.",
    ),
    Clip("silence", (Part(silence_samples=5 * RATE),), "fr", 32, ""),
    Clip("exactly 30 s", _recordings(BUSY), "en", 64, THIRTY_SECONDS, cut_samples=SAMPLES_PER_CHUNK),
    Clip(
        "10 ms more than 30 s",
        _recordings(BUSY),
        "en",
        64,
        f"{THIRTY_SECONDS} 30,01",
        cut_samples=SAMPLES_PER_CHUNK + RATE // 100,
    ),
    Clip(
        "three chunks",
        _recordings(LONG),
        "fr",
        40,
        "Trois morceaux : l'indicatif régional, la connexion, le répertoire et les mots clés.",
    ),
    Clip(
        "loud, then quiet",
        (
            *_recordings("agent-loggedoff confbridge-conf-end", 4),
            Part(silence_samples=SAMPLES_PER_CHUNK - RATE),
            *_recordings("transfer", 1 / 64),
        ),
        "fr",
        64,
        "Vous n'êtes plus en ligne. Patientez…",
    ),
    Clip("30 minutes", _recordings("ss-noservice"), "fr", 40, "Le numéro composé n'est pas en service.", 340, THIRTY_MINUTES),
)
