"""The nodes that choose a step's tokens."""

import numpy as np

from .folder import TokenIds
from .graph import BOOL, FLOAT, INT64, Graph

# The ids that finish a row, by a name under which a session can be given others.
END_IDS = "end_ids"


def choose(graph: Graph, logits: str, finished: str, every_id: str, ids: TokenIds) -> tuple[str, str, str]:
    """Adds the choice of the likeliest token of each row, of equals the first.

    `logits` is float32 [b, vocabulary], `finished` bool [b], `every_id` float32 [vocabulary] 0, 1, 2, …
    Gives the names of the tokens int64 [b], of their log-probabilities float32 [b] and of the new `finished`. A row that
    is finished already gives the pad id and 0. A row with a logit that is no number gives a log-probability that is none.
    """
    highest = graph.node("Unsqueeze", graph.reduce("ReduceMax", logits, 1), graph.constant(np.array([1])))
    below = graph.node("Sub", logits, highest)
    # ArgMax promises the first of equals on a CPU only, and among float16 logits equals are common.
    is_highest = graph.node("Equal", logits, highest)
    candidates = graph.node("Where", is_highest, every_id, graph.constant(np.float32(ids.vocabulary)))
    first = graph.reduce("ReduceMin", candidates, 1)
    inside = graph.node("Min", first, graph.constant(np.float32(ids.vocabulary - 1)))
    chosen = graph.cast(inside, FLOAT, INT64)
    total = graph.reduce("ReduceSum", graph.node("Exp", below), 1)
    log_probability = graph.node("Neg", graph.node("Log", total))
    token = graph.node("Where", finished, graph.constant(np.int64(ids.pad)), chosen)
    log_probability = graph.node("Where", finished, graph.constant(np.float32(0)), log_probability)
    ends = graph.named_constant(END_IDS, np.array(ids.ends, np.int64))
    is_end = graph.node("Equal", graph.node("Unsqueeze", token, graph.constant(np.array([1]))), ends)
    has_ended = graph.cast(graph.reduce("ReduceMax", graph.cast(is_end, BOOL, FLOAT), 1), FLOAT, BOOL)
    return token, log_probability, graph.node("Or", finished, has_ended)


def is_any_unfinished(graph: Graph, finished: str) -> str:
    """Bool without dimensions."""
    least = graph.reduce("ReduceMin", graph.cast(finished, BOOL, FLOAT), 0)
    return graph.node("Not", graph.cast(least, FLOAT, BOOL))
