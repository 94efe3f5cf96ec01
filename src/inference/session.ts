import type * as OnnxRuntime from "onnxruntime-node";
import type { SessionSettings } from "../processes/protocol.ts";
import { loadOnnxRuntime } from "./load-onnx-runtime.ts";
import { RunProfile } from "./run-profile.ts";

const { InferenceSession, Tensor } = await loadOnnxRuntime();
type InferenceSession = OnnxRuntime.InferenceSession;

export type Tensor = OnnxRuntime.Tensor;

/** Tensors by the graph's own names. What a run gives may be given to the next one as it is. */
export type Tensors = Record<string, Tensor>;

/** Element types of the floating point tensors that models read and write. */
export type FloatType = "float32" | "float16";

/** An ONNX Runtime session whose inputs and outputs were checked by name. The only importer of onnxruntime-node here. */
export class Session {
  readonly #file: string;
  readonly #session: InferenceSession;
  readonly #asked: SessionSettings["executionProvider"];
  /** Of the first run, which is to prove where it was computed; null once it has. */
  #profile: RunProfile | null;

  private constructor(
    file: string,
    session: InferenceSession,
    asked: SessionSettings["executionProvider"],
    profile: RunProfile | null,
  ) {
    this.#file = file;
    this.#session = session;
    this.#asked = asked;
    this.#profile = profile;
  }

  /** Execution provider that computes. Another one than `cpu` is told only after a run has proven it. */
  get device(): string {
    return this.#profile === null ? this.#asked : "unproven";
  }

  /**
   * Opens an ONNX file.
   * @throws Error that names the file when it or its external data cannot be read, and the missing names when the graph
   * lacks one of them, or the inputs that the graph wants besides.
   */
  static async open(
    file: string,
    names: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
    settings: SessionSettings,
  ): Promise<Session> {
    const { executionProvider } = settings;
    // With the CPU alone there is nothing to prove, and a profile would make the start a tenth of a second longer.
    const profile = executionProvider === "cpu" ? null : await RunProfile.create();
    const session = await createOrDiscard(file, profile, {
      // Where sizes are needed ONNX Runtime keeps operators on the CPU: without it, no graph of ours can be opened.
      executionProviders: executionProvider === "cpu" ? ["cpu"] : [executionProvider, "cpu"],
      ...profile?.options,
      intraOpNumThreads: settings.intraOpNumThreads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      // 3 is "error": ORT's warnings on stderr are about graph details nobody can act on.
      logSeverityLevel: 3,
    });
    const problem = findProblem(session, names);
    if (problem !== null) {
      await session.release();
      await profile?.discard();
      throw new Error(`${file} ${problem}`);
    }
    return new Session(file, session, executionProvider, profile);
  }

  /**
   * Compares an input or output with what it should be; "float" is float32 or float16.
   * @param shape null, as a name in the graph, fits every size.
   * @throws Error that names the file, and says what was expected and what is there.
   */
  check(name: string, kind: "float" | FloatType | "int64", shape: readonly (number | null)[]): void {
    const { inputMetadata, outputMetadata } = this.#session;
    const metadata = [...inputMetadata, ...outputMetadata].find((each) => each.name === name);
    const [type, sizes] = metadata?.isTensor === true ? [metadata.type, metadata.shape] : ["nothing", []];
    const types = kind === "float" ? ["float32", "float16"] : [kind];
    const fits = (size: number | string, at: number): boolean =>
      typeof size === "string" || shape[at] === null || shape[at] === size;
    if (!types.includes(type) || sizes.length !== shape.length || !sizes.every(fits)) {
      const expected = `${types.join(" or ")} [${shape.map((size) => size ?? "any").join(", ")}]`;
      throw new Error(`${this.#file}: ${name} is ${type} [${sizes.join(", ")}] instead of ${expected}`);
    }
  }

  /**
   * The element type of an input that holds floating point numbers.
   * @throws Error when the graph declares another one.
   */
  floatTypeOf(input: string): FloatType {
    const metadata = this.#session.inputMetadata.find(({ name }) => name === input);
    const type = metadata?.isTensor === true ? metadata.type : undefined;
    if (type !== "float32" && type !== "float16") {
      throw new Error(`${this.#file}: the input ${input} is of type ${type} instead of float32 or float16`);
    }
    return type;
  }

  /**
   * Gives the named outputs, or all of them. The first run fails unless it was computed where it was asked for. Blocks this process for as long as the run takes: ONNX Runtime's Node
   * binding is synchronous behind its promise. Other work of the event loop gets its turn before each run.
   */
  async run(inputs: Tensors, outputs?: readonly string[]): Promise<Tensors> {
    const results = await this.#run(inputs, outputs);
    if (this.#profile !== null) {
      await this.#prove(this.#profile);
    }
    Object.values(results).forEach(exposeBits);
    return results;
  }

  async release(): Promise<void> {
    await this.#session.release();
    await this.#profile?.discard();
  }

  async #prove(profile: RunProfile): Promise<void> {
    this.#session.endProfiling();
    const device = await profile.device();
    if (device !== this.#asked) {
      throw new Error(`${this.#file} was computed by ${device} instead of ${this.#asked}`);
    }
    this.#profile = null;
  }

  async #run(inputs: Tensors, outputs: readonly string[] | undefined): Promise<Tensors> {
    try {
      return await (outputs === undefined ? this.#session.run(inputs) : this.#session.run(inputs, outputs));
    } catch (cause) {
      await this.#profile?.discard();
      throw new Error(`${this.#file}: ${cause instanceof Error ? cause.message : "the run failed"}`, { cause });
    }
  }
}

/** An int64 tensor of the given shape. */
export function int64Tensor(values: BigInt64Array, shape: readonly number[]): Tensor {
  return new Tensor("int64", values, shape);
}

/** A tensor of one truth value, of shape [1]. */
export function booleanTensor(value: boolean): Tensor {
  return new Tensor("bool", Uint8Array.of(value ? 1 : 0), [1]);
}

/** A tensor of so many truth values, all false. */
export function falseTensor(length: number): Tensor {
  return new Tensor("bool", new Uint8Array(length), [length]);
}

/** A tensor of the given element type and shape. As float32 it shares the memory of `values`. */
export function floatTensor(type: FloatType, values: Float32Array, shape: readonly number[]): Tensor {
  if (type === "float32") {
    return new Tensor("float32", values, shape);
  }
  const halves = Float16Array.from(values);
  const tensor = new Tensor("float16", new Uint16Array(halves.buffer), shape);
  exposeBits(tensor);
  return tensor;
}

/** The numbers of a tensor as they are in memory: float16 as its bits. */
export type RawValues = Float32Array | Uint16Array;

/** @throws Error when the tensor holds anything but float32 or float16. */
export function rawValues(tensor: Tensor): RawValues {
  const { data } = tensor;
  if (data instanceof Float32Array || (tensor.type === "float16" && data instanceof Uint16Array)) {
    return data;
  }
  throw new Error(`expected a tensor of float32 or float16 but got one of ${tensor.type}`);
}

/** A floating point tensor over numbers as `rawValues` gives them. Shares their memory. */
export function rawTensor(values: RawValues, shape: readonly number[]): Tensor {
  if (values instanceof Float32Array) {
    return new Tensor("float32", values, shape);
  }
  const tensor = new Tensor("float16", values, shape);
  exposeBits(tensor);
  return tensor;
}

/**
 * The numbers of a floating point tensor, or those from `start` to before `end`. Those of a float32 tensor share its
 * memory.
 * @throws Error when it holds anything else.
 */
export function float32Values(tensor: Tensor | undefined, start = 0, end = tensor?.size ?? 0): Float32Array {
  if (tensor?.data instanceof Float32Array) {
    return end - start === tensor.size ? tensor.data : tensor.data.subarray(start, end);
  }
  if (tensor?.type === "float16" && tensor.data instanceof Uint16Array) {
    const { buffer, byteOffset, length } = tensor.data;
    return Float32Array.from(new Float16Array(buffer, byteOffset, length).subarray(start, end));
  }
  throw new Error(`expected a tensor of float32 or float16 but got one of ${tensor?.type}`);
}

/**
 * The whole numbers of an int64 tensor.
 * @throws Error when it holds anything else.
 */
export function integers(tensor: Tensor | undefined): number[] {
  if (tensor?.data instanceof BigInt64Array) {
    return Array.from(tensor.data, Number);
  }
  throw new Error(`expected a tensor of int64 but got one of ${tensor?.type}`);
}

async function createOrDiscard(
  file: string,
  profile: RunProfile | null,
  options: OnnxRuntime.InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  try {
    return await create(file, options);
  } catch (error) {
    await profile?.discard();
    throw error;
  }
}

async function create(file: string, options: OnnxRuntime.InferenceSession.SessionOptions): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(file, options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "";
    throw new Error(`${file} or its external data cannot be opened: ${reason}`, { cause });
  }
}

function findProblem(
  { inputNames, outputNames }: InferenceSession,
  { inputs, outputs }: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
): string | null {
  const missing = [
    ...inputs.filter((name) => !inputNames.includes(name)),
    ...outputs.filter((name) => !outputNames.includes(name)),
  ];
  if (missing.length > 0) {
    return `lacks the inputs or outputs ${missing.join(", ")}`;
  }
  const further = inputNames.filter((name) => !inputs.includes(name));
  return further.length > 0 ? `wants the further inputs ${further.join(", ")}` : null;
}

/**
 * Makes a float16 tensor fit to be an input. onnxruntime-node 1.30 gives float16 as a Float16Array where Node has one,
 * but reads it from a Uint16Array only. Both see the same memory.
 */
function exposeBits(tensor: Tensor): void {
  const data: unknown = tensor.data;
  if (data instanceof Float16Array) {
    Object.defineProperty(tensor, "data", { value: new Uint16Array(data.buffer, data.byteOffset, data.length) });
  }
}
