import { z } from "zod";
import { precisions } from "../precision.ts";

const filesSchema = z
  .array(
    z.strictObject({
      /** Relative to the folder, forward slashes, never leaving it. */
      path: z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[\w./-]+$/),
      bytes: z.int().nonnegative(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  )
  .min(1);

const graphFilesSchema = filesSchema.refine((files) => files.every(({ path }) => path.startsWith("onnx/")), {
  error: "must be files in onnx/",
});

/** `manifest.json` of a model folder: what the model is and exactly which files it consists of. */
export const manifestSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/),
    version: z.string().regex(/^\d+\.\d+\.\d+([-+][0-9A-Za-z.-]+)?$/),
    task: z.enum(["text-classification", "automatic-speech-recognition", "voice-activity-detection"]),
    /** Name of the plugin that runs it; looked up in the plugin table of the inference process. */
    plugin: z.string().min(1),
    /** Whether the model was trained on text whose capitals and look-alike letters were folded, see `src/text/fold-text.ts`. */
    foldsText: z.boolean().optional(),
    /**
     * The log-odds of `toxic` of a text of n windows are lowered by this times ln n: the worst of many windows is more often
     * a chance find than the only one. Calibrated on long harmless texts.
     */
    windowBias: z.number().nonnegative().optional(),
    /**
     * Short texts and what the model says of them: what its health is judged by while nobody asks anything. Of both kinds,
     * because a broken model may well say the same of all.
     */
    canary: z
      .strictObject({
        texts: z
          .array(
            z.strictObject({
              text: z.string().min(1).max(200),
              /** By label, 0 to 1. */
              scores: z.record(z.string(), z.number().min(0).max(1)),
            }),
          )
          .min(1)
          .max(4),
        /** How far off a score may be on another processor. */
        tolerance: z.number().min(0).max(1),
      })
      .optional(),
    /** Of the graphs among `files`: those that a CPU computes. */
    precision: z.enum(precisions),
    files: filesSchema,
    /**
     * The same model's graphs for devices, by precision, each with all that it is run with. One of them may be of the
     * precision that the CPU's graphs have, stored in another way.
     */
    variants: z.partialRecord(z.enum(precisions), graphFilesSchema).optional(),
    licence: z.string().min(1),
    provenance: z.record(z.string(), z.unknown()),
  })
  .refine(({ files, variants = {} }) => isConsistent([...files, ...Object.values(variants).flat()]), {
    path: ["variants"],
    error: "must give a file the same size and digest wherever it is listed",
  });

export type Manifest = z.infer<typeof manifestSchema>;

type ListedFile = z.infer<typeof filesSchema>[number];

function isConsistent(files: readonly ListedFile[]): boolean {
  const first = new Map<string, ListedFile>();
  return files.every((file) => {
    const known = first.get(file.path) ?? file;
    first.set(file.path, known);
    return known.bytes === file.bytes && known.sha256 === file.sha256;
  });
}
