import { z } from "zod";
import { precisions } from "../precision.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const speechTask = "automatic-speech-recognition";

/** A speech model that writes fewer of the clip has no canary. */
export const fewestCanaryTokens = 5;

const filesSchema = z
  .array(
    z.strictObject({
      /** Relative to the folder, forward slashes, never leaving it. */
      path: z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[\w./-]+$/),
      bytes: z.int().nonnegative(),
      sha256,
    }),
  )
  .min(1);

const graphFilesSchema = filesSchema.refine((files) => files.every(({ path }) => path.startsWith("onnx/")), {
  error: "must be files in onnx/",
});

/** Short texts of both kinds, because a broken model may well say the same of all. */
const textsCanarySchema = z.strictObject({
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
});

const speechCanarySchema = z.strictObject({
  /** Of the spoken clip, see `src/canary-clip.ts`. */
  clip: sha256,
  /** What the model writes of it: text tokens, enough of them to tell a wrong one from a wrong answer. */
  tokenIds: z.array(z.int().nonnegative()).min(fewestCanaryTokens).max(500),
  /** How many tokens may be wrong, missing or too many, by the number of those above. At 1, to write nothing would do. */
  tolerance: z.number().min(0).lt(1),
});

/** `manifest.json` of a model folder: what the model is and exactly which files it consists of. */
export const manifestSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/),
    version: z.string().regex(/^\d+\.\d+\.\d+([-+][0-9A-Za-z.-]+)?$/),
    task: z.enum(["text-classification", speechTask, "voice-activity-detection"]),
    /** Name of the plugin that runs it; looked up in the plugin table of the inference process. */
    plugin: z.string().min(1),
    /**
     * Whether the model was trained on text whose capitals and look-alike letters were folded, see `src/text/fold-text.ts`.
     * Then it also reads nothing of what its vocabulary does not know, see `src/text/leave-out-unknown.ts`.
     */
    foldsText: z.boolean().optional(),
    /**
     * The log-odds of `toxic` of a text of n windows are lowered by this times ln n: the worst of many windows is more often
     * a chance find than the only one. Calibrated on long harmless texts.
     */
    windowBias: z.number().nonnegative().optional(),
    /**
     * What the model was asked on a CPU, and said: what its health is judged by while nobody asks anything, and what a
     * device must say before it is used.
     */
    canary: z.union([textsCanarySchema, speechCanarySchema]).optional(),
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
  })
  .refine(
    ({ task, canary }) => canary === undefined || task === ("texts" in canary ? "text-classification" : speechTask),
    {
      path: ["canary"],
      error: "must be of the model's task",
    },
  );

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
