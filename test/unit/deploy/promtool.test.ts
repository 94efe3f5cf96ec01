import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { deployFolder } from "../../../tools/check-alerts/rule-files.ts";
import { missingPromtool } from "../../helpers/prometheus-programs.ts";

const run = promisify(execFile);
const folder = join(deployFolder, "prometheus");
const filesIn = (name: string): string[] => readdirSync(join(folder, name)).map((file) => join(folder, name, file));

if (missingPromtool !== null) {
  process.stderr.write(`Tests of rules by promtool are skipped: ${missingPromtool}.\n`);
}

describe.skipIf(missingPromtool !== null)("promtool", () => {
  test("finds nothing wrong with the configuration", async () => {
    // The key's file is the operator's.
    const checked = run("promtool", ["check", "config", "--syntax-only", join(folder, "prometheus.yml")]);
    await expect(checked).resolves.toMatchObject({ stdout: expect.stringContaining("valid") });
  });

  test("finds nothing wrong with the rules", async () => {
    const checked = run("promtool", ["check", "rules", "--lint-fatal", ...filesIn("rules")]);
    await expect(checked).resolves.toMatchObject({ stdout: expect.stringContaining("SUCCESS") });
  });

  test.each(readdirSync(join(folder, "tests")))(
    "sees every alert of %s fire when it should, and only then",
    { timeout: 120_000 },
    async (file) => {
      const tested = run("promtool", ["test", "rules", join(folder, "tests", file)]).then(
        () => "",
        (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
      );
      expect(await tested).toBe("");
    },
  );
});
