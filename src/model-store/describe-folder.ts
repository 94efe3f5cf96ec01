import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { OperatorError } from "../operator-error.ts";
import { systemErrorCode } from "../system-error-code.ts";
import { sha256OfFile } from "./file-digest.ts";
import type { Manifest } from "./manifest.ts";
import { readChecked } from "./read-checked.ts";

export interface FolderDescription {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** How the weights are stored, as the names of the graphs end: `fp32` (no ending), `fp16`, `q8`, `q4`, `q4f16`, … */
  readonly form: string;
  /** Further forms, for devices: each of another precision. The parts are all in that form. */
  readonly deviceForms?: readonly string[];
  /** Parts that the folder does not have in `form`, and theirs, such as `embed_tokens` → `q4`. */
  readonly partForms: ReadonlyMap<string, string>;
}

type Forms = Pick<FolderDescription, "form" | "partForms">;

interface Family {
  readonly task: Manifest["task"];
  /** Names of the graphs, without the ending for the form. */
  readonly parts: readonly string[];
}

/** By `model_type`, which is also the plugin's name here. */
const families: Readonly<Record<"camembert" | "whisper" | "voxtral", Family>> = {
  camembert: { task: "text-classification", parts: ["model"] },
  whisper: { task: "automatic-speech-recognition", parts: ["encoder_model", "decoder_model_merged"] },
  voxtral: {
    task: "automatic-speech-recognition",
    parts: ["audio_encoder", "embed_tokens", "decoder_model_merged"],
  },
};

/** What `tools/export-voxtral` makes of the last two parts of a Voxtral folder. */
const fusedParts = ["audio_encoder", "decoder_fused"];

const configSchema = z.object({ model_type: z.enum(["camembert", "whisper", "voxtral"]) });

/** Read besides the graphs, where the folder has them. */
const otherFiles = [
  "config.json",
  "generation_config.json",
  "preprocessor_config.json",
  "special_tokens_map.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "tekken.json",
];

/** Endings of graph names that transformers.js gives to the forms; others are an underscore and the form. */
const endings: Readonly<Record<string, string>> = { fp32: "", q8: "_quantized" };

/**
 * A manifest of a folder in the layout of the Hugging Face hub, with sizes and digests of what is used of it.
 * @throws {OperatorError} that names the files that are missing, and the forms that there are.
 */
export async function describeFolder(folder: string, description: FolderDescription): Promise<Manifest> {
  const { model_type: plugin } = await readChecked(join(folder, "config.json"), configSchema);
  const inFolder = await filesOf(folder);
  const { task, parts } = families[plugin];
  const graphs = (forms: Forms): string[] => graphFiles(folder, partsFor(parts, forms, inFolder), forms, inFolder);
  const paths = [...otherFiles.filter((file) => inFolder.includes(file)), ...graphs(description)];
  const variants = await Promise.all(
    distinct(description.deviceForms ?? []).map(async ([precision, form]) => {
      return [precision, await measureAll(folder, graphs({ form, partForms: new Map() }))] as const;
    }),
  );
  return {
    name: description.name,
    version: description.version,
    task,
    plugin,
    precision: precisionOf(description.form),
    files: await measureAll(folder, paths),
    ...(variants.length === 0 ? {} : { variants: Object.fromEntries(variants) }),
    licence: description.licence,
    provenance: { manifest: "written by `npm run write-manifest`" },
  };
}

/**
 * Forms with their precision.
 * @throws {OperatorError} when two have the same.
 */
function distinct(forms: readonly string[]): [Manifest["precision"], string][] {
  const pairs = forms.map((form): [Manifest["precision"], string] => [precisionOf(form), form]);
  if (new Map(pairs).size < pairs.length) {
    throw new OperatorError(`of ${forms.join(" and ")} only one can be used: they are of one precision`);
  }
  return pairs;
}

/**
 * The fused decoder where there is one, unless a form is given for one of the graphs that it stands for.
 * @throws {OperatorError} when a form is given for a part that is not used.
 */
function partsFor(
  parts: readonly string[],
  { form, partForms }: Forms,
  inFolder: readonly string[],
): readonly string[] {
  const fused = `onnx/decoder_fused${endingOf(partForms.get("decoder_fused") ?? form)}.onnx`;
  const isStepwise = parts.some((part) => !fusedParts.includes(part) && partForms.has(part));
  const used = inFolder.includes(fused) && !isStepwise ? fusedParts : parts;
  const unknown = [...partForms.keys()].filter((part) => !used.includes(part));
  if (unknown.length > 0) {
    throw new OperatorError(`the model has no parts ${unknown.join(", ")}; it has ${used.join(", ")}`);
  }
  return used;
}

/** The graphs of the parts and the files with their weights. */
function graphFiles(
  folder: string,
  parts: readonly string[],
  { form, partForms }: Forms,
  inFolder: readonly string[],
): string[] {
  return parts.flatMap((part) => {
    const graph = `onnx/${part}${endingOf(partForms.get(part) ?? form)}.onnx`;
    if (!inFolder.includes(graph)) {
      const pattern = new RegExp(`^onnx/(${part}(?:_[a-z0-9]+)?\\.onnx)$`);
      const found = inFolder.flatMap((path) => pattern.exec(path)?.[1] ?? []);
      const there = found.length === 0 ? "there is none in another form either" : `there are ${found.join(", ")}`;
      throw new OperatorError(`${join(folder, graph)} is missing; ${there}`);
    }
    return [graph, ...inFolder.filter((path) => path.startsWith(`${graph}_data`))];
  });
}

async function filesOf(folder: string): Promise<string[]> {
  const graphs = await list(join(folder, "onnx"));
  return [...(await list(folder)), ...graphs.map((file) => `onnx/${file}`)];
}

async function list(folder: string): Promise<string[]> {
  const entries = await readdir(folder).catch((cause: unknown) => {
    throw new OperatorError(`${folder} cannot be read (${systemErrorCode(cause)})`, { cause });
  });
  return entries.toSorted();
}

function measureAll(folder: string, paths: readonly string[]): Promise<Manifest["files"]> {
  return Promise.all(
    paths.map(async (path) => {
      const file = join(folder, path);
      return { path, bytes: (await stat(file)).size, sha256: await sha256OfFile(file) };
    }),
  );
}

function endingOf(form: string): string {
  return endings[form] ?? `_${form}`;
}

function precisionOf(form: string): Manifest["precision"] {
  if (form === "fp32" || form === "fp16") {
    return form;
  }
  return /4/.test(form) ? "int4" : "int8";
}
