import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readElfBuildId } from "../../src/hardware/elf-build-id.ts";
import { librariesIn } from "../../src/hardware/onnx-runtime-facts.ts";
import { OperatorError } from "../../src/operator-error.ts";
import { systemErrorCode } from "../../src/system-error-code.ts";
import { downloadWheel } from "./download-wheel.ts";
import type { ProviderWheel } from "./provider-wheel.ts";
import { type CommandOptions, runCommand } from "./run-command.ts";

const extractor = fileURLToPath(new URL("take_from_wheel.py", import.meta.url));

/**
 * Puts the CUDA provider beside its core, unless it lies there already. Each library is checked before it gets its name:
 * whatever goes wrong, what lay there before stays.
 * @param packageFolder of the core's package.
 * @throws OperatorError that says what is missing or wrong.
 */
export async function installProvider(
  wheel: ProviderWheel,
  packageFolder: string,
  options: Pick<CommandOptions, "signal" | "onOutput"> = {},
): Promise<"installed" | "already there"> {
  requireCore(wheel, packageFolder);
  const place = librariesIn(packageFolder);
  if (await isInstalled(wheel, place)) {
    return "already there";
  }
  // On the same disk, so that files can be renamed into their place.
  const folder = makeFolder(place);
  try {
    requireSpace(wheel, folder);
    const file = await downloadWheel(wheel, folder, options);
    const names = Object.keys(wheel.libraries);
    const end = await runCommand("python3", ["-I", extractor, file, folder, ...names], options);
    if (end?.exitCode !== 0) {
      const reason = end?.output.trim().split("\n").at(-1) ?? "";
      throw new OperatorError(`the wheel of onnxruntime-gpu ${wheel.version} cannot be taken apart: ${reason}`);
    }
    for (const [name, buildId] of Object.entries(wheel.libraries)) {
      await requireBuild(join(folder, name), buildId, `${name} of onnxruntime-gpu ${wheel.version}`);
    }
    for (const name of names) {
      chmodSync(join(folder, name), 0o644);
      renameSync(join(folder, name), join(place, name));
    }
    return "installed";
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function requireCore({ packageName, version }: ProviderWheel, packageFolder: string): void {
  const manifest = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as { version: string };
  if (manifest.version !== version) {
    throw new OperatorError(
      `the core in ${packageName} is ${manifest.version}, and the provider ${version}: run npm ci`,
    );
  }
}

async function isInstalled({ libraries }: ProviderWheel, place: string): Promise<boolean> {
  const found = await Promise.all(Object.keys(libraries).map((name) => buildIdAt(join(place, name))));
  return Object.values(libraries).every((buildId, index) => found[index] === buildId);
}

/** Null when there is no library, or one that cannot be read: it is replaced. */
async function buildIdAt(path: string): Promise<string | null> {
  try {
    return await readElfBuildId(path);
  } catch {
    return null;
  }
}

function makeFolder(place: string): string {
  try {
    return mkdtempSync(join(place, "setup-gpu-"));
  } catch (cause) {
    throw new OperatorError(`nothing can be written to ${place} (${systemErrorCode(cause)})`, { cause });
  }
}

/** pip keeps the wheel twice while it moves it. */
function requireSpace({ version, wheelBytes, libraryBytes }: ProviderWheel, folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  const needed = 2 * wheelBytes + libraryBytes;
  if (bavail * bsize < needed) {
    const [free, wanted] = [bavail * bsize, needed].map((bytes) => `${Math.ceil(bytes / 1e6)} MB`);
    throw new OperatorError(
      `the disk has ${free} left, and the provider ${version} needs ${wanted} while it is unpacked`,
    );
  }
}

async function requireBuild(path: string, buildId: string, what: string): Promise<void> {
  const found = await readElfBuildId(path);
  if (found !== buildId) {
    throw new OperatorError(
      `${what} is another build than ours (build ID ${found ?? "none"}): it was not put in place`,
    );
  }
}
