import { join } from "node:path";
import { z } from "zod";
import { projectRoot } from "../../src/config/load-config.ts";
import type { SecureProgram } from "../../src/processes/secure-subprocess.ts";

/** A program of `test/fixtures/subprocesses`, and one that shows whether a sandbox can run it. */
export function fixtureProgram(
  name: string,
  ...values: readonly string[]
): SecureProgram & { readonly probe: SecureProgram } {
  const entry = join(projectRoot, "test/fixtures/subprocesses", `${name}.ts`);
  const program: SecureProgram = {
    path: process.execPath,
    arguments: (locate) => [locate(entry), ...values],
    argumentSchema: z.array(z.string()),
    environment: { MARK: "1" },
    files: [join(projectRoot, "package.json"), entry],
    root: projectRoot,
    limits: { dataBytes: 2 ** 30, cpuSeconds: 60, openFiles: 64 },
    niceness: 0,
  };
  return { ...program, probe: { ...program, arguments: (locate) => ["--check", locate(entry)] } };
}
