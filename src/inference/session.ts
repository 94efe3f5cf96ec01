import { InferenceSession, Tensor } from "onnxruntime-node";
import type { SessionSettings } from "../processes/protocol.ts";

/** Tensors by the graph's own names. */
export type Tensors = Record<string, Tensor>;

/** An ONNX Runtime session whose inputs and outputs were checked by name. The only importer of onnxruntime-node here. */
export class Session {
  readonly #session: InferenceSession;
  readonly device: string;

  private constructor(session: InferenceSession, device: string) {
    this.#session = session;
    this.device = device;
  }

  /**
   * Opens an ONNX file.
   * @throws Error that names the file and the missing names when the graph lacks one of them.
   */
  static async open(
    file: string,
    names: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
    settings: SessionSettings,
  ): Promise<Session> {
    const session = await InferenceSession.create(file, {
      executionProviders: [settings.executionProvider],
      intraOpNumThreads: settings.intraOpNumThreads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      // 3 is "error": ORT's warnings on stderr are about graph details nobody can act on.
      logSeverityLevel: 3,
    });
    const missing = [
      ...names.inputs.filter((name) => !session.inputNames.includes(name)),
      ...names.outputs.filter((name) => !session.outputNames.includes(name)),
    ];
    if (missing.length > 0) {
      await session.release();
      throw new Error(`${file} lacks the inputs or outputs ${missing.join(", ")}`);
    }
    return new Session(session, settings.executionProvider);
  }

  /** Blocks this process for as long as the run takes: ONNX Runtime's Node binding is synchronous behind its promise. */
  run(inputs: Tensors): Promise<Tensors> {
    return this.#session.run(inputs);
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/** An int64 tensor of the given shape. */
export function int64Tensor(values: BigInt64Array, shape: readonly number[]): Tensor {
  return new Tensor("int64", values, shape);
}
