import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../src/config/load-config.ts";
import { settingsSchema } from "../../src/config.ts";
import { gpuProfiles } from "../../src/hardware/hardware-profiles.ts";
import { metricTable } from "../../src/telemetry/metric-table.ts";

const document = readFileSync(join(projectRoot, "docs/hardware.md"), "utf8");

test("docs/hardware.md lists every profile as the service knows it, and no other", () => {
  const rows = document.match(/^\| `(cpu|[a-z]\d+)` .*$/gm) ?? [];
  const expected = gpuProfiles.map((profile) => {
    const { name, computeCapability, memoryBytes, memoryBytesPerSecond, minimumCuda, precisions } = profile;
    const arithmetic = `${profile.operationsPerSecond / 1e12} TFLOP/s`;
    const larger = profile.largerBoards.map(
      (board) => `, ${board.memoryBytesPerSecond / 1e12} TB/s of ${board.memoryBytes / 1e9} GB`,
    );
    const size = `${memoryBytes / 1e9} GB | ${memoryBytesPerSecond / 1e12} TB/s${larger.join("")} | ${arithmetic}`;
    return `| \`${name}\` | ${computeCapability} | ${size} | ${minimumCuda} | ${precisions.join(", ")} |`;
  });
  expect(rows.slice(1, 1 + gpuProfiles.length)).toEqual(expected);
  const settings = settingsSchema.shape.hardware.shape.profile.options;
  expect(settings.toSorted()).toEqual(["auto", "cpu", ...gpuProfiles.map(({ name }) => name)].toSorted());
});

test("docs/hardware.md lists every reason for which a GPU is not used", () => {
  const reasons = [...document.matchAll(/^\| `(\w+_\w+)` \|/gm)].map(([, reason]) => reason);
  expect(reasons).toEqual([...metricTable.providerFallbacks.labels.reason]);
});
