import { z } from "zod";

/** `manifest.json` of a model folder: what the model is and exactly which files it consists of. */
export const manifestSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/),
  version: z.string().regex(/^\d+\.\d+\.\d+([-+][0-9A-Za-z.-]+)?$/),
  task: z.enum(["text-classification", "automatic-speech-recognition"]),
  /** Name of the plugin that runs it; looked up in the plugin table of the inference process. */
  plugin: z.string().min(1),
  precision: z.enum(["fp32", "fp16", "int8", "int4"]),
  files: z
    .array(
      z.strictObject({
        /** Relative to the folder, forward slashes, never leaving it. */
        path: z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[\w./-]+$/),
        bytes: z.int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .min(1),
  licence: z.string().min(1),
  provenance: z.record(z.string(), z.unknown()),
});

export type Manifest = z.infer<typeof manifestSchema>;
