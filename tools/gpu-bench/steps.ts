import { join } from "node:path";

/** One command of a step, and what it needs in its environment besides ours. */
export interface Command {
  readonly words: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Something that is done once, whole. */
export interface Step {
  readonly name: string;
  /** Steps whose results it reads. */
  readonly needs: readonly string[];
  /** Chains run side by side, the commands of one in turn. A benchmark is one chain of one command. */
  readonly chains: readonly (readonly Command[])[];
  /** Whether it prints a JSON document, which is kept. */
  readonly isBenchmark: boolean;
}

export interface StepOptions {
  /** Gets the models and results. */
  readonly work: string;
  readonly node: string;
  /** With numpy and onnx; with torch and transformers there is a peer too. */
  readonly python: string;
  readonly root: string;
  /** `tiny` shows that everything runs. */
  readonly size: "full" | "tiny";
  /** Caches of transformers' `generate`; `none` where there is no PyTorch. */
  readonly peerCaches: string;
}

/** What is measured with: as the issue asks, or just enough to see that it runs. */
const sizes = {
  full: {
    shape: "3b",
    texts: "base",
    answer: 150,
    decode: ["--batches", "1,8,32", "--tokens", "128", "--rounds", "3"],
    encoder: ["--batches", "1,8,32", "--rounds", "5"],
    file: ["--seconds", "3600", "--batch", "32", "--rounds", "1"],
    memory: ["--segments", "1000", "--batch", "32"],
    classify: ["--passes", "5", "--rounds", "3"],
    sharing: ["--rate", "500", "--clips", "32", "--seconds", "15", "--rounds", "1"],
  },
  tiny: {
    shape: "tiny",
    texts: "tiny",
    answer: 100,
    decode: ["--batches", "1,2", "--tokens", "32", "--rounds", "1"],
    encoder: ["--batches", "1,2", "--rounds", "1"],
    file: ["--seconds", "60", "--batch", "4", "--rounds", "1"],
    memory: ["--segments", "20", "--batch", "4"],
    classify: ["--batches", "32", "--texts", "256", "--passes", "1", "--rounds", "1"],
    sharing: ["--rate", "20", "--clips", "2", "--seconds", "3", "--rounds", "1"],
  },
} as const;

/** Models first, then the figures that matter most: time may run out. */
export function stepsOf(options: StepOptions): Step[] {
  const { work, python, peerCaches } = options;
  const size = sizes[options.size];
  const texts = join(work, "models/texts");
  const voxtral = (form: string): string[] => ["--folder", join(work, "models", form), "--form", form];
  const peer = ["--python", python, "--peer-folder", join(work, "models/fp16"), "--peer-form", "fp16"];
  const decode = [...size.decode, ...peer, "--peer-caches", peerCaches];
  const benchmarks: Readonly<Record<string, readonly string[]>> = {
    "decode-q4f16": ["gpu-decode", ...voxtral("q4f16"), ...decode],
    "encoder-q4f16": ["gpu-encoder", ...voxtral("q4f16"), ...size.encoder],
    "file-q4f16": ["gpu-file", ...voxtral("q4f16"), ...size.file],
    classify: ["gpu-classify", "--folder", texts, ...size.classify],
    "decode-fp16": ["gpu-decode", ...voxtral("fp16"), ...decode],
    "memory-q4f16": ["gpu-memory", ...voxtral("q4f16"), ...size.memory],
    "sharing-q4f16": ["gpu-sharing", ...voxtral("q4f16"), "--texts-folder", texts, ...size.sharing],
    "encoder-fp16": ["gpu-encoder", ...voxtral("fp16"), ...size.encoder],
    "file-fp16": ["gpu-file", ...voxtral("fp16"), ...size.file],
  };
  return [
    makeModels(options, texts),
    ...Object.entries(benchmarks).map(([name, args]) => ({
      name,
      needs: ["models"],
      chains: [[{ words: [options.node, join(options.root, "bench/main.ts"), ...args, "--json"] }]],
      isBenchmark: true,
    })),
  ];
}

/** Two folders of Voxtral and one of CamemBERT, side by side: each is made by one core. */
function makeModels({ work, python, root, size: sizeName }: StepOptions, texts: string): Step {
  const { shape, answer, texts: textShape } = sizes[sizeName];
  const paths = (...tools: readonly string[]): { readonly PYTHONPATH: string } => ({
    PYTHONPATH: tools.map((tool) => join(root, "tools", tool)).join(":"),
  });
  const voxtral = (form: string): Command[] => {
    const out = join(work, "models", form);
    const write = ["--shape", shape, "--form", form, "--answer", String(answer), "--out", out];
    const fuse = ["--from", out, "--out", out, "--form", form, "--no-comparison"];
    return [
      { words: [python, "-m", "voxtral_shape", ...write], environment: paths("voxtral-shape") },
      { words: [python, "-m", "export_voxtral", ...fuse], environment: paths("export-voxtral") },
    ];
  };
  const tokenizer = join(root, "models/camembert-toxicity-fr");
  const write = ["--shape", textShape, "--tokenizer", tokenizer, "--out", texts];
  const environment = paths("camembert-shape", "voxtral-shape");
  return {
    name: "models",
    needs: [],
    chains: [voxtral("fp16"), voxtral("q4f16"), [{ words: [python, "-m", "camembert_shape", ...write], environment }]],
    isBenchmark: false,
  };
}
