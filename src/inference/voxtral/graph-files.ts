import type { Manifest } from "../../model-store/manifest.ts";

/** The graphs that a folder is run with, relative to it. */
export interface GraphFiles {
  readonly audioEncoder: string;
  /** The public layout, which gives logits at each step, or the one that decodes by itself. */
  readonly text:
    | { readonly kind: "steps"; readonly embedTokens: string; readonly decoder: string }
    | { readonly kind: "fused"; readonly decoder: string };
}

/**
 * Finds the graphs of a Voxtral folder in its manifest, narrowed to one precision: one graph of each part. The fused
 * decoder is taken where there is one.
 * @throws Error that says which part is missing, or there in several precisions.
 */
export function findGraphFiles({ files }: Pick<Manifest, "files">): GraphFiles {
  const listed = files.map(({ path }) => path);
  const audioEncoder = theOne(listed, "audio_encoder");
  if (findAll(listed, "decoder_fused").length > 0) {
    return { audioEncoder, text: { kind: "fused", decoder: theOne(listed, "decoder_fused") } };
  }
  const embedTokens = theOne(listed, "embed_tokens");
  return { audioEncoder, text: { kind: "steps", embedTokens, decoder: theOne(listed, "decoder_model_merged") } };
}

function theOne(listed: readonly string[], part: string): string {
  const [file, ...others] = findAll(listed, part);
  if (file === undefined) {
    throw new Error(`the manifest lists no onnx/${part}*.onnx`);
  }
  if (others.length > 0) {
    throw new Error(
      `the manifest lists several onnx/${part}*.onnx where one is expected: ${[file, ...others].join(", ")}; further precisions go into its variants`,
    );
  }
  return file;
}

/** `onnx/decoder_model_merged.onnx`, `onnx/decoder_model_merged_q4.onnx`, … */
function findAll(listed: readonly string[], part: string): string[] {
  const pattern = new RegExp(`^onnx/${part}(_[a-z0-9]+)?\\.onnx$`);
  return listed.filter((path) => pattern.test(path));
}
