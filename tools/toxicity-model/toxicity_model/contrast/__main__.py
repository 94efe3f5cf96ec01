"""Prints generated sentences as a table, and counts them on standard error."""

import argparse
import sys
from collections import Counter

from .generate import generate


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m toxicity_model.contrast", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-template", type=int, default=12)
    options = parser.parse_args()
    sentences = generate(options.seed, options.per_template)
    print("label\ttest\ttemplate\ttext")
    for sentence in sentences:
        print(sentence.label, sentence.test, sentence.template, sentence.text, sep="\t")
    counts = Counter((sentence.test, sentence.label) for sentence in sentences)
    for test in sorted({sentence.test for sentence in sentences}):
        print(f"{test:28} toxic {counts[test, 1]:5}  harmless {counts[test, 0]:5}", file=sys.stderr)
    toxic = sum(sentence.label for sentence in sentences)
    used = len({sentence.template for sentence in sentences})
    print(f"{len(sentences)} sentences of {used} templates, {toxic} toxic", file=sys.stderr)


if __name__ == "__main__":
    main()
