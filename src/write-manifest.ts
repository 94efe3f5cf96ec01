import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { describeFolder } from "./model-store/describe-folder.ts";
import { manifestSchema } from "./model-store/manifest.ts";
import { furtherVariants, type ModelVariant } from "./model-store/model-variants.ts";
import { saveManifest } from "./model-store/save-manifest.ts";
import { OperatorError } from "./operator-error.ts";
import { runForOperator } from "./run-for-operator.ts";

const usage = `usage: npm run write-manifest -- FOLDER --name NAME --version 1.0.0 --licence LICENCE [--form q4] [--part PART=FORM] [--gpu-form fp16]

Writes the manifest.json with which the service serves a folder that was downloaded from a hub.
  --name      name of the model, as requests and metrics have it
  --version   three numbers
  --licence   of the weights, such as Apache-2.0
  --form      fp32 (default), fp16, q8, q4, q4f16: which graphs of the folder to use
  --part      another form for one part, such as embed_tokens=q4; may be given several times
  --gpu-form  graphs to use instead where the model is computed on a GPU; may be given several times, once for each
              precision: the service takes the one that is best for the GPU and fits into its memory`;

/**
 * Describes a folder with the arguments of the command line and writes its `manifest.json`.
 * @returns What was written, for people.
 * @throws {OperatorError} with what is wrong.
 */
export async function writeManifest(args: readonly string[]): Promise<string> {
  const { folder, ...description } = parse(args);
  const parsed = manifestSchema.safeParse(await describeFolder(folder, description));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new OperatorError(problems.join("; "));
  }
  const file = saveManifest(folder, parsed.data);
  const { name, version, precision, files } = parsed.data;
  const lines = [`${file}: ${name} ${version}, ${precision}`, ...files.map(describeFile)];
  for (const variant of furtherVariants(parsed.data)) {
    lines.push(`on GPUs, ${variant.precision}`, ...variant.files.map(describeFile));
  }
  return lines.join("\n");
}

function describeFile({ path, bytes }: ModelVariant["files"][number]): string {
  return `  ${path} (${bytes} bytes)`;
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        name: text,
        version: text,
        licence: text,
        form: text,
        part: { ...text, multiple: true },
        "gpu-form": { ...text, multiple: true },
      },
    });
    const [folder, ...others] = positionals;
    const { name, version, licence, form = "fp32", part: parts = [], "gpu-form": deviceForms = [] } = values;
    const isRepeated = deviceForms.includes(form) || new Set(deviceForms).size < deviceForms.length;
    if (isRepeated || folder === undefined || others.length > 0 || !name || !version || !licence) {
      throw new OperatorError(usage);
    }
    const pairs = parts.map((part) => part.split("="));
    if (pairs.some((pair) => pair.length !== 2)) {
      throw new OperatorError(usage);
    }
    const partForms = new Map(pairs.map(([part = "", partForm = ""]) => [part, partForm]));
    return { folder: resolve(folder), name, version, licence, form, deviceForms, partForms };
  } catch (cause) {
    throw new OperatorError(usage, { cause });
  }
}

if (import.meta.main) {
  await runForOperator(async () => {
    process.stdout.write(`${await writeManifest(process.argv.slice(2))}\n`);
  });
}
