"""Command line: `python -m voxtral_shape --shape 3b --form q4 --out FOLDER`."""

import argparse
from pathlib import Path

from .answer import Answer
from .attention import ATTENTIONS
from .folder import write_folder
from .form import FORMS
from .shape import SHAPES


def main() -> None:
    parser = argparse.ArgumentParser(prog="voxtral_shape", description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--form", choices=FORMS, default="q4", help="how weights are stored")
    parser.add_argument("--attention", choices=ATTENTIONS, default="grouped")
    parser.add_argument("--answer", type=int, help="tokens of every text of one window with a language; else it never ends")
    parser.add_argument("--tokenizer", type=Path, help="folder with tokenizer files to copy; else the whole Tekken is written")
    parser.add_argument("--verify", action="store_true", help="compare the graphs with PyTorch's forward pass; small shapes only")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    shape, form = SHAPES[options.shape], FORMS[options.form]
    answer = None if options.answer is None else Answer(shape, options.answer)
    write_folder(shape, form, ATTENTIONS[options.attention], answer, options.tokenizer, options.out)
    if options.verify:
        # The folder is made without PyTorch.
        from .verify import verify

        verify(shape, form, options.out, has_padding=options.attention == "plain")


main()
