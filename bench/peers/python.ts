import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface PythonNeeds {
  /** Names the virtual environment. */
  readonly name: string;
  /** Path of a requirements file with pinned versions. */
  readonly requirements: string;
  /** Modules that must be there. */
  readonly modules: readonly string[];
}

/**
 * A Python with the pinned requirements: the given one, or a virtual environment outside the repository that is made
 * once and found again.
 * @throws Error that says why there is none.
 */
export async function findPython(given: string | null, { name, requirements, modules }: PythonNeeds): Promise<string> {
  if (given !== null) {
    await run(given, ["-c", `import ${modules.join(", ")}`]);
    return given;
  }
  const digest = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const folder = join(tmpdir(), `bench-${name}-${digest}`);
  const python = join(folder, "bin/python");
  const isComplete = join(folder, "complete");
  if (!existsSync(isComplete)) {
    await run("python3", ["-m", "venv", "--clear", folder]);
    await run(python, ["-m", "pip", "install", "--quiet", "--requirement", requirements]);
    await run(python, ["-c", `open(${JSON.stringify(isComplete)}, "w").close()`]);
  }
  return python;
}
