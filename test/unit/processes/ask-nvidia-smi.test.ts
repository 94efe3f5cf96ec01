import { chmodSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { askNvidiaSmi } from "../../../src/processes/ask-nvidia-smi.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

test("the driver's answer comes as it is", async () => {
  expect(await askNvidiaSmi("--query-gpu=name", 5_000, standIn('echo "$1 $2"'))).toBe(
    "--query-gpu=name --format=csv,noheader,nounits\n",
  );
});

test("without the command there is no answer", async () => {
  expect(await askNvidiaSmi("--query-gpu=name", 5_000, "/no/such/nvidia-smi")).toBeNull();
});

test("a command that fails, or does not end, is an error", async () => {
  await expect(askNvidiaSmi("--query-gpu=name", 5_000, standIn("exit 9"))).rejects.toThrow("Command failed");
  await expect(askNvidiaSmi("--query-gpu=name", 100, standIn("trap '' TERM; exec sleep 60"))).rejects.toThrow(
    // On a busy machine it is no longer waited for before its end is seen.
    /killed after 0\.1 s|does not end/,
  );
});

test("the error says what the command says of its failure, which it writes to its standard output", async () => {
  const mismatch =
    "echo 'Failed to initialize NVML: Driver/library version mismatch'; echo 'NVML library version: 580'; exit 18";
  await expect(askNvidiaSmi("--query-gpu=name", 5_000, standIn(mismatch))).rejects.toThrow(
    /^nvidia-smi failed: Failed to initialize NVML: Driver\/library version mismatch$/,
  );
});

/** A program of one line. */
function standIn(line: string): string {
  const folder = new TemporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  const path = folder.write("nvidia-smi", `#!/bin/sh\n${line}\n`);
  chmodSync(path, 0o755);
  return path;
}
