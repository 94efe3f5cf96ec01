"""The numbers that define a Whisper model, read off its weights."""

from dataclasses import dataclass

from .read_weights import Weights

HEAD_WIDTH = 64  # in every Whisper model


@dataclass(frozen=True)
class Shape:
    """Sizes of one Whisper model; `width` is that of the hidden states, `inner` that of the feed-forward layers."""

    mels: int
    width: int
    inner: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    vocabulary: int
    source_positions: int
    target_positions: int

    @property
    def head_width(self) -> int:
        return HEAD_WIDTH


def shape_of(weights: Weights) -> Shape:
    width, mels, _ = weights["model.encoder.conv1.weight"].shape
    return Shape(
        mels=mels,
        width=width,
        inner=len(weights["model.encoder.layers.0.fc1.weight"]),
        heads=width // HEAD_WIDTH,
        encoder_layers=_layers(weights, "encoder"),
        decoder_layers=_layers(weights, "decoder"),
        vocabulary=len(weights["model.decoder.embed_tokens.weight"]),
        source_positions=len(weights["model.encoder.embed_positions.weight"]),
        target_positions=len(weights["model.decoder.embed_positions.weight"]),
    )


def _layers(weights: Weights, part: str) -> int:
    return sum(name.startswith(f"model.{part}.layers.") and name.endswith(".fc1.weight") for name in weights)
