"""Compares a fused graph with the host loop over the graphs that it was made of."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnxruntime as ort

from .folder import TokenIds
from .greedy import END_IDS
from .run_fused import FusedDecoder
from .step_by_step import Batch, Decoded, HostLoop, open_session

STEPS = 20
STEPS_PER_CALL = (1, 4, 16)
UNEQUAL_LENGTHS = (7, 23, 16)
PIECES = 3
# The same sums in another order round otherwise: logits may differ by so much. By the caches' type.
ROUNDING = {np.dtype(np.float32): 1e-3, np.dtype(np.float16): 2e-2}


@dataclass(frozen=True)
class Case:
    """Prompts, how they are fed, what the host loop makes of them."""

    title: str
    batch: Batch
    pieces: int
    ids: TokenIds
    expected: Decoded


@dataclass(frozen=True)
class Comparison:
    """How calls of some steps compare with the host loop."""

    title: str
    tokens: int  # equal ones, of all rows
    ties: int  # rows left at a choice between near equals
    differences: list[str]
    worst_log_probability: float
    worst_cache: float  # relative to numbers above 1


def verify(embedding_file: Path, decoder_file: Path, fused_file: Path, ids: TokenIds) -> list[Comparison]:
    """Random prompts: one, several padded on the left, fed in pieces, and such that end; in calls of 1, 4 and 16 steps."""
    cases = _cases(HostLoop(embedding_file, decoder_file, ids), np.random.default_rng(0))
    return [comparison for case in cases for comparison in _compare_calls(fused_file, case)]


def _cases(host: HostLoop, random: np.random.Generator) -> list[Case]:
    ids = host.ids
    several = _random_batch(host, random, UNEQUAL_LENGTHS)
    decoded = host.decode(several, 1, STEPS)
    alone = _random_batch(host, random, UNEQUAL_LENGTHS[1:2])
    decoded_alone = host.decode(alone, 1, STEPS)
    partly = replace(several, is_finished=np.arange(len(UNEQUAL_LENGTHS)) == 1)
    end_alone, end = _with_end(ids, decoded_alone), _with_end(ids, decoded)
    cases = [
        Case("one row", alone, 1, ids, decoded_alone),
        Case("one row that ends", alone, 1, end_alone, host.with_ids(end_alone).decode(alone, 1, STEPS)),
        Case("left-padded rows", several, 1, ids, decoded),
        Case("left-padded rows that end", partly, 1, end, host.with_ids(end).decode(partly, 1, STEPS)),
        Case(f"one row in {PIECES} pieces", alone, PIECES, ids, host.decode(alone, PIECES, STEPS)),
    ]
    # ONNX Runtime's GroupQueryAttention on a CPU continues the prompt of one row only.
    if not host.has_grouped_attention:
        pieces = host.decode(several, PIECES, STEPS)
        cases.append(Case(f"left-padded rows in {PIECES} pieces", several, PIECES, ids, pieces))
    return cases


def _with_end(ids: TokenIds, decoded: Decoded) -> TokenIds:
    """Random prompts rarely come to an end by themselves: what the first row chose in the middle becomes the end."""
    return replace(ids, ends=(int(decoded.token_ids[0, STEPS // 3]),) * len(ids.ends))


def _random_batch(host: HostLoop, random: np.random.Generator, lengths: tuple[int, ...]) -> Batch:
    """Prompts of ordinary tokens with audio in the middle of each, as large as the embeddings are."""
    ids, width = host.ids, max(lengths)
    input_ids = random.integers(ids.vocabulary // 2, ids.vocabulary, (len(lengths), width))
    mask = np.zeros_like(input_ids)
    for row, length in enumerate(lengths):
        mask[row, width - length :] = 1
        input_ids[row, : width - length] = ids.pad
        input_ids[row, width - length + 2 : width - 3] = ids.audio
    embeds = host.embed(input_ids)
    count = int((input_ids == ids.audio).sum())
    rows = random.normal(scale=embeds[input_ids > ids.vocabulary // 2].std(), size=(count, embeds.shape[-1]))
    return Batch(input_ids, mask, rows.astype(np.float32), np.zeros(len(lengths), bool))


def _compare_calls(fused_file: Path, case: Case) -> list[Comparison]:
    """Opens a session for each case, so that a large model is in memory once: the ends are constants of its graph."""
    ends = ort.OrtValue.ortvalue_from_numpy(np.array(case.ids.ends, np.int64))
    session = open_session(fused_file, {END_IDS: ends})
    return [_compare(case, FusedDecoder(session, case.batch, case.ids), steps) for steps in STEPS_PER_CALL]


def _compare(case: Case, fused: FusedDecoder, steps_per_call: int) -> Comparison:
    fused.prefill(case.pieces)
    calls = list(fused.answer(case.pieces, steps_per_call, STEPS))
    expected, title = case.expected, f"{case.title}, {steps_per_call} steps a call"
    token_ids = np.concatenate([call.token_ids for call in calls], axis=1)
    log_probabilities = np.concatenate([call.log_probabilities for call in calls], axis=1)
    if token_ids.shape != expected.token_ids.shape:
        return Comparison(title, 0, 0, [f"{token_ids.shape} tokens instead of {expected.token_ids.shape}"], np.inf, np.inf)
    rounding = ROUNDING[next(iter(expected.cache.values())).dtype]
    equal, ties, differences = np.ones_like(token_ids, bool), 0, []
    for row, (got, wanted) in enumerate(zip(token_ids, expected.token_ids, strict=True)):
        for step in np.nonzero(got != wanted)[0][:1]:
            equal[row, step:] = False
            if expected.margins[row, step] < rounding:
                ties += 1
            else:
                differences.append(f"row {row} step {step}: {got[step]} instead of {wanted[step]}")
    if ties == 0 and not np.array_equal(fused.finished, expected.is_finished):
        differences.append(f"finished: {fused.finished} instead of {expected.is_finished}")
    worst_log = float(np.abs(log_probabilities - expected.log_probabilities)[equal].max(initial=0))
    if not worst_log <= rounding:
        differences.append(f"log-probabilities differ by {worst_log}")
    last = calls[-1]
    unfinished = equal.all(axis=1) & (last.token_ids[:, -1] != case.ids.pad)
    if not np.array_equal(last.logits[unfinished].argmax(axis=1), last.token_ids[unfinished, -1]):
        differences.append("the last token is not the likeliest of the last logits")
    worst_cache = _worst_cache(fused, expected, equal.all(axis=1))
    if not worst_cache <= rounding:
        differences.append(f"caches differ by {worst_cache}")
    return Comparison(title, int(equal.sum()), ties, differences, worst_log, worst_cache)


def _worst_cache(fused: FusedDecoder, expected: Decoded, rows: np.ndarray) -> float:
    """The largest difference in the caches of the given rows, of large numbers relative to them."""
    pairs = [(fused.cache[name][rows].astype(np.float32), wanted[rows]) for name, wanted in expected.cache.items()]
    return max(float((np.abs(got - wanted) / (1 + np.abs(wanted))).max(initial=0)) for got, wanted in pairs)
