import { type Precision, precisions } from "../precision.ts";
import type { Manifest } from "./manifest.ts";

type ListedFile = Manifest["files"][number];

/** The graphs of a folder in one precision. */
export interface ModelVariant {
  readonly precision: Precision;
  /** Graphs, and the files with their weights. */
  readonly files: readonly ListedFile[];
}

const graphFolder = "onnx/";

/** The one that the manifest lists among its files: the CPU's. */
export function defaultVariant({ precision, files }: Manifest): ModelVariant {
  return { precision, files: files.filter(isOfGraph) };
}

/** Those that the manifest lists besides: for devices. */
export function furtherVariants({ variants = {} }: Manifest): readonly ModelVariant[] {
  return precisions.flatMap((precision) => {
    const files = variants[precision];
    return files === undefined ? [] : [{ precision, files }];
  });
}

/** A manifest of a folder that holds this variant only: what an inference process is to read. */
export function narrowTo(manifest: Manifest, { precision, files }: ModelVariant): Manifest {
  const { variants: others, ...narrowed } = manifest;
  // As it is where there is nothing to choose.
  return others === undefined
    ? manifest
    : { ...narrowed, precision, files: [...manifest.files.filter((file) => !isOfGraph(file)), ...files] };
}

/** Every file that the manifest lists, once. */
export function listedFiles(manifest: Manifest): readonly ListedFile[] {
  const all = [...manifest.files, ...furtherVariants(manifest).flatMap(({ files }) => files)];
  return [...new Map(all.map((file) => [file.path, file])).values()];
}

/** Bytes of the graphs and their weights. */
export function graphBytesOf({ files }: ModelVariant): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}

/**
 * Bytes of those that are computed on a device. Voxtral's embeddings of the public layout are looked up on the CPU always,
 * or are part of its fused graph.
 */
export function deviceBytesOf({ precision, files }: ModelVariant): number {
  return graphBytesOf({ precision, files: files.filter(({ path }) => !path.startsWith(`${graphFolder}embed_tokens`)) });
}

function isOfGraph({ path }: ListedFile): boolean {
  return path.startsWith(graphFolder);
}
