"""Command line: `python -m voxtral_shape --shape 3b --form q4 --out FOLDER`."""

import argparse
from pathlib import Path

from .attention import ATTENTIONS
from .folder import write_folder
from .shape import SHAPES
from .verify import verify


def main() -> None:
    parser = argparse.ArgumentParser(prog="voxtral_shape", description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--form", choices=["q4"], default="q4", help="how weights are stored")
    parser.add_argument("--attention", choices=ATTENTIONS, default="grouped")
    parser.add_argument("--tokenizer", type=Path, help="folder with tokenizer files to copy; else the whole Tekken is written")
    parser.add_argument("--verify", action="store_true", help="compare the graphs with PyTorch's forward pass; small shapes only")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    write_folder(SHAPES[options.shape], ATTENTIONS[options.attention], options.tokenizer, options.out)
    if options.verify:
        verify(SHAPES[options.shape], options.out, has_padding=options.attention == "plain")


main()
