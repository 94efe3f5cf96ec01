"""The sizes of the two models, and which forms of their graphs are written."""

from dataclasses import dataclass

# As in the published model.
MEL_BINS = 128
FRAMES_PER_CHUNK = 3_000
SAMPLES_PER_CHUNK = 480_000
RATE = 16_000
SOURCE_POSITIONS = 1_500
TOKENS_PER_CHUNK = 375
ROPE_THETA = 1e8
RMS_EPSILON = 1e-5
SPECIAL_TOKENS = 1_000
BOS, EOS, BEGIN_INSTRUCTION, END_INSTRUCTION, PAD, AUDIO, BEGIN_AUDIO, TRANSCRIBE = 1, 2, 3, 4, 11, 24, 25, 34
# Of its own: the 256 bytes and the first merges.
RANKS = 400
VOCABULARY = SPECIAL_TOKENS + RANKS
AUDIO_WIDTH = 32
# So many weights of a row share a scale in 4 bits.
BLOCK = 32

FP32, FP16, Q8, Q4, Q4F16 = "fp32", "fp16", "q8", "q4", "q4f16"
# The ends of the file names, as published.
SUFFIXES = {FP32: "", FP16: "_fp16", Q8: "_quantized", Q4: "_q4", Q4F16: "_q4f16"}


@dataclass(frozen=True)
class Shape:
    """One model. `data_files` says, for each form, in how many files beside it the weights of the decoder lie."""

    name: str
    seed: int
    hidden: int
    layers: int
    heads: int
    key_value_heads: int
    head_width: int
    feed_forward: int
    is_tied: bool
    forms: tuple[str, ...]
    data_files: dict[str, int]
    # Whether the decoder is written in 4 bits with GroupQueryAttention too.
    has_optimised_form: bool


GROUPED = Shape(
    name="voxtral-grouped",
    seed=1,
    hidden=64,
    layers=2,
    heads=4,
    key_value_heads=2,
    head_width=24,
    feed_forward=128,
    is_tied=False,
    forms=(FP32, FP16, Q8, Q4, Q4F16),
    data_files={FP32: 1, Q4: 2},
    has_optimised_form=True,
)
TIED = Shape(
    name="voxtral-tied",
    seed=2,
    hidden=64,
    layers=3,
    heads=4,
    key_value_heads=4,
    head_width=16,
    feed_forward=128,
    is_tied=True,
    forms=(FP32, Q4F16),
    data_files={},
    has_optimised_form=False,
)
SHAPES = (GROUPED, TIED)
