"""Makes every text of a random model equally long: what a whole service does is comparable only then."""

import numpy as np

from .shape import SPECIAL_TOKENS, Shape

END = 2
# The first ranks of Tekken are single bytes, which alone are no text.
FIRST_TOKEN = SPECIAL_TOKENS + 256
# Of a prompt besides its audio: `<s> [INST] [BEGIN_AUDIO] … [/INST] lang : fr [TRANSCRIBE]`.
PROMPT_FRAME = 8
# Random logits have a standard deviation of about 1, and the largest of 131,072 is about 4.6.
LEAD = 16


class Answer:
    """`tokens` different tokens after the prompt of one window with a language, then the end.

    At each position the hidden state is moved towards the row of the head's matrix whose token is to come. All work is done as
    before, and the log-probabilities still depend on all of it.
    """

    def __init__(self, shape: Shape, tokens: int) -> None:
        """Raises ValueError when the vocabulary has fewer ordinary tokens."""
        if FIRST_TOKEN + tokens > shape.vocabulary:
            raise ValueError(f"the vocabulary has room for answers of {shape.vocabulary - FIRST_TOKEN} tokens at most")
        self.first_position = shape.audio_tokens + PROMPT_FRAME - 1
        self.token_ids = np.array([*range(FIRST_TOKEN, FIRST_TOKEN + tokens), END])

    def moves(self, rows: np.ndarray) -> np.ndarray:
        """float32 [positions, hidden], from the rows of the head's matrix of `token_ids`; the last one is for all later ones.

        A row's product with its own move is `LEAD`.
        """
        towards = LEAD * rows / (rows**2).sum(axis=1, keepdims=True)
        return np.concatenate([np.zeros((self.first_position, rows.shape[1]), np.float32), towards]).astype(np.float32)
