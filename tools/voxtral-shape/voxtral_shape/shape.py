"""The numbers that define a Voxtral model."""

from dataclasses import dataclass

SPECIAL_TOKENS = 1000
FRAMES_PER_TOKEN = 8  # two by the second convolution, four by the projector


@dataclass(frozen=True)
class Shape:
    """Sizes of one Voxtral model. `hidden` is the width of the hidden states, `inner` that of the feed-forward layers."""

    audio_hidden: int
    audio_inner: int
    audio_layers: int
    audio_heads: int
    text_hidden: int
    text_inner: int
    text_layers: int
    text_heads: int
    text_key_value_heads: int
    head_width: int
    vocabulary: int
    positions: int
    mels: int = 128
    source_positions: int = 1500

    @property
    def joined(self) -> int:
        """Width of four consecutive states of the encoder, which make one audio token."""
        return 4 * self.audio_hidden

    @property
    def audio_tokens(self) -> int:
        """Of one window of 30 s."""
        return self.source_positions // 4

    @property
    def group(self) -> int:
        """Query heads that share the keys and values of one head."""
        return self.text_heads // self.text_key_value_heads

    @property
    def residual_gain(self) -> float:
        """Of what each of the decoder's sublayers adds to the running sum, so that all of them together add about as much as the
        embedding of the token: else what is said next hardly depends on the last word, and random models go round in circles."""
        return (2 * self.text_layers) ** -0.5


SHAPES = {
    # Voxtral-Mini-3B-2507.
    "3b": Shape(
        audio_hidden=1280,
        audio_inner=5120,
        audio_layers=32,
        audio_heads=20,
        text_hidden=3072,
        text_inner=8192,
        text_layers=30,
        text_heads=32,
        text_key_value_heads=8,
        head_width=128,
        vocabulary=131072,
        positions=131072,
    ),
    "tiny": Shape(
        audio_hidden=32,
        audio_inner=128,
        audio_layers=2,
        audio_heads=2,
        text_hidden=64,
        text_inner=128,
        text_layers=2,
        text_heads=4,
        text_key_value_heads=2,
        head_width=16,
        vocabulary=SPECIAL_TOKENS + 400,
        positions=1024,
    ),
}
