import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { modelName, quantizedOnnxFile } from "./project.ts";

/** What a figure depends on besides the code. */
export interface MachineFacts {
  readonly cpu: string;
  /** Cores that this process may use, after `taskset` and container limits. */
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
  readonly onnxRuntime: string;
  readonly model: string;
  /** Average over one minute before the benchmark began: above 0.2 the machine was not quiet. */
  readonly loadBefore: number;
}

export function machineFacts(): MachineFacts {
  const digest = createHash("sha256").update(readFileSync(quantizedOnnxFile)).digest("hex").slice(0, 12);
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    onnxRuntime: versionOf("onnxruntime-node"),
    model: `${modelName} (int8 file ${digest}…)`,
    loadBefore: loadavg()[0] ?? Number.NaN,
  };
}

/** Numbers of the CPUs that this process may run on. */
export function allowedCpus(): number[] {
  const status = readFileSync("/proc/self/status", "utf8");
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? "0";
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

function versionOf(name: string): string {
  const manifest: unknown = createRequire(import.meta.url)(`${name}/package.json`);
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "?";
}
