"""Command line: `python -m export_voxtral --from FOLDER --out FOLDER [--form q4]`."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .accuracy_level import with_accuracy_level
from .folder import TokenIds, decoder_file, embedding_file, fused_file, read_token_ids
from .fuse import fuse


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="export_voxtral", description=__doc__)
    parser.add_argument(
        "--from", dest="source", type=Path, required=True, help="a folder in the public layout, or a Hugging Face checkpoint"
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder whose onnx/ gets the graph")
    parser.add_argument("--form", default="fp32", help="of the decoder, such as q4; default fp32")
    parser.add_argument(
        "--accuracy-level",
        type=int,
        choices=range(1, 5),
        help="of MatMulNBits; 4 computes with int8 activations; default as it is",
    )
    parser.add_argument("--no-comparison", action="store_true", help="do not run what was written: minutes for a large model")
    arguments = parser.parse_args()
    if not (arguments.source / "config.json").exists():
        parser.error(f"{arguments.source} holds no config.json")
    return arguments


def main() -> None:
    arguments = _parse()
    is_checkpoint = not (arguments.source / "onnx").is_dir()
    if is_checkpoint:
        # Here, because it needs torch and transformers, which the public graphs do without.
        from .checkpoint import export_checkpoint

        export_checkpoint(arguments.source, arguments.form, arguments.out)
    source = arguments.out if is_checkpoint else arguments.source
    are_equal = _fuse(source, arguments)
    if is_checkpoint and arguments.form == "fp32" and not arguments.no_comparison:
        are_equal = _compare_with_generate(arguments.source, arguments.out) and are_equal
    if not are_equal:
        sys.exit(1)


def _fuse(source: Path, arguments: argparse.Namespace) -> bool:
    """Writes the graph and compares it with its source, unless that is not wanted; prints both."""
    form = arguments.form
    with TemporaryDirectory() as work:
        embedding, decoder, file = embedding_file(source, form), decoder_file(source, form), fused_file(arguments.out, form)
        if arguments.accuracy_level is not None:
            decoder = with_accuracy_level(decoder, arguments.accuracy_level, Path(work))
        ids = read_token_ids(source)
        _fuse_graphs(ids, embedding, decoder, file)
        return arguments.no_comparison or _compare(ids, embedding, decoder, file)


def _fuse_graphs(ids: TokenIds, embedding: Path, decoder: Path, file: Path) -> None:
    fused = fuse(embedding, decoder, ids, file)
    print(f"{fused.file}: {embedding.name} + {decoder.name}, {fused.weight_bytes:,} bytes of weights", flush=True)
    if not fused.is_head_cut:
        print("the language model's head was not found: every call computes the logits of all its positions")


def _compare(ids: TokenIds, embedding: Path, decoder: Path, file: Path) -> bool:
    # Here, because it needs onnxruntime, which writing does without.
    from .verify import verify

    comparisons = verify(embedding, decoder, file, ids)
    for comparison in comparisons:
        print(
            f"{comparison.title}: {comparison.tokens} tokens equal, {comparison.ties} ties, log-probabilities within "
            f"{comparison.worst_log_probability:.1e}, cache within {comparison.worst_cache:.1e}"
        )
        for difference in comparison.differences:
            print(f"  differs: {difference}")
    return not any(comparison.differences for comparison in comparisons)


def _compare_with_generate(checkpoint: Path, folder: Path) -> bool:
    from .verify_checkpoint import compare_with_generate

    answers = compare_with_generate(checkpoint, folder, read_token_ids(folder))
    are_equal = answers.generated == answers.fused
    print(f"transformers' generate: {'equal' if are_equal else 'differs'}, {sum(map(len, answers.fused))} tokens")
    if not are_equal:
        print(f"  {answers.fused} instead of {answers.generated}")
    return are_equal


if __name__ == "__main__":
    main()
