import { z } from "zod";
import { precisions } from "../../precision.ts";

const statusSchema = z.enum(["ok", "fail"]);

export const healthQuerySchema = z.object({
  verbose: z.string().optional().meta({ description: "1 adds the checks." }),
});

const checkSchema = z.strictObject({ name: z.string(), status: statusSchema, detail: z.string(), since: z.string() });

const bytes = z.number().nonnegative();

const sectionShape = {
  status: z.enum(["ok", "fail", "unknown"]).meta({
    description: "fail: the service is not ready. unknown: these facts are old or minimal ones.",
  }),
  detail: z.string(),
  ageMs: z.number().nonnegative().nullable().meta({ description: "Of these facts, in milliseconds." }),
};

const gpuSchema = z.strictObject({
  index: z.int(),
  name: z.string(),
  driverVersion: z.string().nullable(),
  memoryUsedBytes: bytes.nullable(),
  memoryTotalBytes: bytes.nullable(),
  utilization: z.number().min(0).nullable().meta({ description: "Share of time, 0 to 1." }),
  temperatureCelsius: z.number().nullable(),
});

const processMemoryShape = { residentBytes: bytes, anonymousBytes: bytes };

const memorySchema = z.strictObject({
  ...sectionShape,
  host: z.strictObject({ totalBytes: bytes, availableBytes: bytes }),
  cgroup: z
    .strictObject({ usedBytes: bytes, limitBytes: bytes })
    .nullable()
    .meta({ description: "Null where no limit is set." }),
  service: z.strictObject(processMemoryShape).nullable(),
  children: z.array(z.strictObject({ pid: z.int(), model: z.string().nullable(), ...processMemoryShape })),
});

const diskSpaceSchema = z.strictObject({ totalBytes: bytes, freeBytes: bytes }).nullable();

const modelSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  digest: z.string(),
  status: statusSchema,
  detail: z.string(),
  isRequired: z.boolean(),
  device: z.string().meta({ description: "Where its processes really compute." }),
  cudaRuntime: z.string().nullable().meta({
    description: "Version of the ONNX Runtime whose CUDA provider computes; null when none does.",
  }),
  devicesSetAside: z.array(z.string()).meta({
    description:
      "GPUs on which its processes failed in a row: it does without them for a while, and is ready all the same.",
  }),
  precision: z.enum(precisions).meta({ description: "Of the graphs that they compute." }),
  deviceTiming: z
    .strictObject({
      kind: z.enum(["plausible", "slow", "short"]),
      peakShare: z
        .number()
        .nonnegative()
        .meta({ description: "Of the arithmetic that the hardware profile promises." }),
      detail: z.string(),
    })
    .nullable()
    .meta({ description: "What its last process on a GPU found out about the GPU's speed. A slow one is still used." }),
  state: z.enum(["loading", "ready", "circuit_open", "stopped"]),
  lastCanary: z
    .strictObject({
      at: z.string(),
      result: z.enum(["ok", "mismatch", "invalid", "timeout", "crashed", "failed", "deferred"]),
    })
    .nullable(),
  lastAnswerAt: z.string().nullable().meta({ description: "When a request or a canary last got a valid answer." }),
  restarts: z.int().nonnegative(),
});

export const healthOverviewSchema = z
  .strictObject({
    status: statusSchema.meta({ description: "As /readyz has it." }),
    checks: z.strictObject({
      gpu: z.strictObject({ ...sectionShape, devices: z.array(gpuSchema) }),
      memory: memorySchema,
      disk: z.strictObject({ ...sectionShape, spool: diskSpaceSchema, models: diskSpaceSchema }),
      models: z.strictObject({ ...sectionShape, models: z.array(modelSchema) }),
    }),
    readiness: z.array(checkSchema).meta({ description: "What readiness is judged by." }),
    sandbox: z.array(z.string()).meta({ description: "Layers of the sandbox in which audio is decoded." }),
  })
  .meta({ id: "HealthOverview" });

export const healthResponseSchema = z
  .strictObject({ status: statusSchema, checks: z.array(checkSchema).optional() })
  .meta({ id: "Health" });
