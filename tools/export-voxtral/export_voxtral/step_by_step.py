"""The greedy decode as a host loop over the public graphs: what the fused graph must equal."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

from .folder import TokenIds
from .source import EMBEDS, LOGITS, MASK, POSITIONS, present_name

TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Batch:
    """Prompts of unequal lengths, padded on the left."""

    input_ids: np.ndarray  # int64 [b, s]
    attention_mask: np.ndarray  # int64 [b, s], 0 where there is padding
    audio_features: np.ndarray  # float32 [n, h], the rows of all audio tokens, row by row
    is_finished: np.ndarray  # bool [b], rows that shall have no answer

    @property
    def position_ids(self) -> np.ndarray:
        """int64 [b, s], from 0 at the first token; 0 in the padding."""
        return np.maximum(np.cumsum(self.attention_mask, axis=1) - 1, 0)


@dataclass(frozen=True)
class Decoded:
    """What came after each prompt, a column a step; a row that is finished has the pad id and 0."""

    token_ids: np.ndarray  # int64 [b, n]
    log_probabilities: np.ndarray  # float32 [b, n]
    is_finished: np.ndarray  # bool [b]
    margins: np.ndarray  # float32 [b, n], how far the best logit led the second; infinite where finished
    cache: Arrays  # past_key_values.* for the next step


def open_session(file: Path, constants: dict[str, ort.OrtValue] | None = None) -> ort.InferenceSession:
    """On the CPU, with other values for some of the graph's own constants; these must outlive the session."""
    options = ort.SessionOptions()
    # Two sessions are open at times; threads that wait must not keep the cores from those that work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    for name, value in (constants or {}).items():
        options.add_initializer(name, value)
    # 3 is "error".
    options.log_severity_level = 3
    return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def empty_cache(session: ort.InferenceSession, rows: int) -> Arrays:
    """The cache before the first token, as the session's inputs want it."""
    return {
        entry.name: np.zeros((rows, entry.shape[1], 0, entry.shape[3]), TYPES[entry.type])
        for entry in session.get_inputs()
        if entry.name.startswith("past_key_values.")
    }


def piece_bounds(batch: Batch, pieces: int) -> list[tuple[int, int]]:
    """First and last column (exclusive) of each piece of the prompt."""
    width = batch.input_ids.shape[1]
    edges = [width * piece // pieces for piece in range(pieces + 1)]
    return list(zip(edges, edges[1:], strict=False))


def float_type(session: ort.InferenceSession, name: str) -> type:
    return next(TYPES[entry.type] for entry in session.get_inputs() if entry.name == name)


class HostLoop:
    """The two graphs that a host runs in turn."""

    def __init__(self, embedding_file: Path, decoder_file: Path, ids: TokenIds) -> None:
        self.embedding, self.decoder, self.ids = open_session(embedding_file), open_session(decoder_file), ids
        self.embeds_type = float_type(self.decoder, EMBEDS)
        self.has_grouped_attention = any(node.op_type == "GroupQueryAttention" for node in _nodes(decoder_file))
        self.has_positions = any(entry.name == POSITIONS for entry in self.decoder.get_inputs())

    def decode(self, batch: Batch, pieces: int, steps: int) -> Decoded:
        """Feeds the prompt in pieces and makes at most so many steps; fewer when all rows are finished."""
        embeds = self._prompt_embeds(batch)
        cache, finished = empty_cache(self.decoder, len(embeds)), batch.is_finished
        for start, end in piece_bounds(batch, pieces):
            positions, mask = batch.position_ids[:, start:end], batch.attention_mask[:, :end]
            logits, cache = self._step(embeds[:, start:end], mask, positions, cache)
        columns: list[tuple[np.ndarray, ...]] = []
        while True:
            token, log_probability, margin = _choose(logits)
            token = np.where(finished, self.ids.pad, token)
            columns.append((token, np.where(finished, 0, log_probability), np.where(finished, np.inf, margin)))
            finished = finished | np.isin(token, self.ids.ends)
            if len(columns) == steps or finished.all():
                break
            embeds = self.embed(token[:, None])
            mask = np.concatenate([mask, np.ones_like(token)[:, None]], axis=1)
            positions = positions[:, -1:] + 1
            logits, cache = self._step(embeds, mask, positions, cache)
        token_ids, log_probabilities, margins = (np.stack(column, axis=1) for column in zip(*columns, strict=True))
        return Decoded(token_ids, log_probabilities.astype(np.float32), finished, margins, cache)

    def with_ids(self, ids: TokenIds) -> "HostLoop":
        """The same graphs with other ends."""
        other = copy(self)
        other.ids = ids
        return other

    def embed(self, ids: np.ndarray) -> np.ndarray:
        """[b, s] → [b, s, h]."""
        return self.embedding.run([EMBEDS], {"input_ids": ids})[0]

    def _prompt_embeds(self, batch: Batch) -> np.ndarray:
        embeds = self.embed(batch.input_ids)
        embeds[batch.input_ids == self.ids.audio] = batch.audio_features
        return embeds

    def _step(self, embeds: np.ndarray, mask: np.ndarray, positions: np.ndarray, cache: Arrays) -> tuple[np.ndarray, Arrays]:
        """Logits float32 [b, vocabulary] of the last position, and the longer cache."""
        feeds = {EMBEDS: embeds.astype(self.embeds_type), MASK: mask, **cache}
        if self.has_positions:
            feeds[POSITIONS] = positions
        logits, *present = self.decoder.run([LOGITS, *map(present_name, cache)], feeds)
        return logits[:, -1].astype(np.float32), dict(zip(cache, present, strict=True))


def _nodes(file: Path) -> Iterable[onnx.NodeProto]:
    return onnx.load(str(file), load_external_data=False).graph.node


def _choose(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Token ids, natural log-probabilities and margins of logits float32 [b, vocabulary]."""
    second, first = np.sort(np.partition(logits, -2, axis=1)[:, -2:], axis=1).T
    exponentials = np.exp(logits - first[:, None]).sum(axis=1)
    return logits.argmax(axis=1), -np.log(exponentials), first - second
