"""How weights are stored, and what the graphs compute in."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Form:
    """`name` is what the names of the graphs end in."""

    name: str
    # Of the computation, the caches, and every weight that does not have 4 bits. What goes in and out is float32 in all forms.
    numbers: type[np.floating]
    # Matrices in 4 bits, symmetric, in blocks of 32 with a scale; else they are `numbers` too.
    has_blocks: bool


FORMS = {
    form.name: form
    for form in (Form("q4", np.float32, True), Form("q4f16", np.float16, True), Form("fp16", np.float16, False))
}
