import type { DeviceTiming } from "../device-timing.ts";
import type { CanaryResult, ModelState } from "../events.ts";
import type { Precision } from "../precision.ts";
import type { ModelIdentity } from "../tasks/served-model.ts";
import type { DiskSpace } from "./disk-space.ts";
import type { GpuFacts } from "./gpu-facts.ts";
import type { MemoryFacts } from "./memory-facts.ts";

/** What a health endpoint answers: `status` is `fail` when any check is. */
export interface HealthReport {
  readonly status: "ok" | "fail";
  readonly checks: readonly HealthCheck[];
}

export interface HealthCheck {
  readonly name: string;
  readonly status: "ok" | "fail";
  /** One line for an operator. Names no paths: everybody may ask. */
  readonly detail: string;
  /** When the check took this status, ISO 8601. */
  readonly since: string;
}

/** All that is known, for people and dashboards. Only a `fail` here keeps the service from being ready. */
export interface HealthOverview {
  /** Of readiness. */
  readonly status: HealthReport["status"];
  readonly checks: {
    readonly gpu: Section & { readonly devices: readonly GpuFacts[] };
    readonly memory: Section & MemoryFacts;
    readonly disk: Section & { readonly spool: DiskSpace | null; readonly models: DiskSpace | null };
    readonly models: Section & { readonly models: readonly ModelHealth[] };
  };
  /** What readiness is judged by. */
  readonly readiness: readonly HealthCheck[];
  /** Layers of the sandbox in which audio is decoded, from the outside in; empty before it was chosen. */
  readonly sandbox: readonly string[];
}

/** `unknown`: these facts are old or minimal ones, because newer ones cannot be had; `detail` says why. */
export interface Section {
  readonly status: "ok" | "fail" | "unknown";
  readonly detail: string;
  /** Of the facts, in milliseconds; null when none were collected yet. */
  readonly ageMs: number | null;
}

export interface ModelHealth extends ModelIdentity {
  readonly status: "ok" | "fail";
  readonly detail: string;
  readonly isRequired: boolean;
  /** Execution provider that its processes really use. */
  readonly device: string;
  /** Version of the ONNX Runtime whose CUDA provider computes it; null when none does. */
  readonly cudaRuntime: string | null;
  /** On which its processes failed in a row: it does without them for a while, which is no reason not to be ready. */
  readonly devicesSetAside: readonly string[];
  /** Of the graphs that they compute. */
  readonly precision: Precision;
  /** A device that is slow is still used. */
  readonly deviceTiming: DeviceTiming | null;
  readonly state: ModelState;
  readonly lastCanary: { readonly at: string; readonly result: CanaryResult } | null;
  /** When a request or a canary was last answered validly, ISO 8601. */
  readonly lastAnswerAt: string | null;
  /** Processes that ended unexpectedly since the model is served. */
  readonly restarts: number;
}
