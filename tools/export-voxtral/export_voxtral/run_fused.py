"""Runs a fused graph as a host does: the prompt in one call or in pieces, then calls of some steps each."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnxruntime as ort

from .folder import TokenIds
from .source import present_name
from .step_by_step import Arrays, Batch, empty_cache, piece_bounds


@dataclass(frozen=True)
class Call:
    """What one call gives."""

    token_ids: np.ndarray
    log_probabilities: np.ndarray
    is_finished: np.ndarray
    # Of the last step, float32 [b, vocabulary].
    logits: np.ndarray
    cache: Arrays


class FusedDecoder:
    """A fused graph with the state of one batch."""

    def __init__(self, session: ort.InferenceSession, batch: Batch, ids: TokenIds) -> None:
        self.session, self.batch, self.ids = session, batch, ids
        self.cache, self.finished = empty_cache(session, len(batch.input_ids)), batch.is_finished

    def prefill(self, pieces: int) -> None:
        """All of the prompt but its last piece, whose calls' tokens mean nothing."""
        for start, end in piece_bounds(self.batch, pieces)[:-1]:
            # A token that means nothing may be an end: only the answer's tokens finish a row.
            self.cache = self._prompt_call(start, end, 1).cache

    def answer(self, pieces: int, steps_per_call: int, steps: int) -> Iterator[Call]:
        """The calls after `prefill`, until so many steps are made or all rows are finished."""
        call = self._prompt_call(*piece_bounds(self.batch, pieces)[-1], min(steps_per_call, steps))
        yield self._keep(call)
        mask, positions = self.batch.attention_mask, self.batch.position_ids[:, -1:]
        made = call.token_ids.shape[1]
        while made < steps and not self.finished.all():
            width = self.batch.input_ids.shape[1] + made
            mask = np.concatenate([mask, np.ones((len(mask), width - mask.shape[1]), np.int64)], axis=1)
            feeds = {"input_ids": call.token_ids[:, -1:], "attention_mask": mask, "position_ids": positions + made}
            call = self._call(feeds, self._rows(0, 0), min(steps_per_call, steps - made))
            made += call.token_ids.shape[1]
            yield self._keep(call)

    def _keep(self, call: Call) -> Call:
        self.cache, self.finished = call.cache, call.is_finished
        return call

    def _prompt_call(self, start: int, end: int, steps: int) -> Call:
        batch = self.batch
        feeds = {
            "input_ids": batch.input_ids[:, start:end],
            "attention_mask": batch.attention_mask[:, :end],
            "position_ids": batch.position_ids[:, start:end],
        }
        return self._call(feeds, self._rows(start, end), steps)

    def _rows(self, start: int, end: int) -> np.ndarray:
        """The audio rows of the columns from start to end, float32 [n, h]."""
        is_audio = self.batch.input_ids == self.ids.audio
        columns = np.nonzero(is_audio)[1]
        return self.batch.audio_features[(columns >= start) & (columns < end)]

    def _call(self, feeds: Arrays, audio_features: np.ndarray, steps: int) -> Call:
        given = {"audio_features": audio_features, "is_finished": self.finished, "max_new_tokens": np.array(steps, np.int64)}
        names = ["token_ids", "log_probabilities", "is_finished_after", "logits", *map(present_name, self.cache)]
        token_ids, log_probabilities, finished, logits, *present = self.session.run(names, {**feeds, **given, **self.cache})
        return Call(token_ids, log_probabilities, finished, logits, dict(zip(self.cache, present, strict=True)))
