import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { SessionSettings } from "../../src/processes/protocol.ts";
import type { BareMessage, BareReply, PaddedBatch } from "./bare-message.ts";

/** Batches that a process holds at once: one runs, one waits, so that it is never idle. */
const batchesInHand = 2;

export interface BareSetting {
  readonly processes: number;
  /** Of each. */
  readonly threads: number;
  /** The CPU when absent. */
  readonly executionProvider?: SessionSettings["executionProvider"];
  /** On top of this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** ONNX Runtime with nothing around it: processes that run ready-made tensors. */
export class BareRuntime implements Disposable {
  readonly #children: readonly ChildProcess[];
  readonly #batches: readonly PaddedBatch[];

  /** @throws Error when a process ends before it has loaded the model. */
  static async start(onnxFile: string, setting: BareSetting, batches: readonly PaddedBatch[]): Promise<BareRuntime> {
    const { processes, threads, executionProvider = "cpu", environment = {} } = setting;
    const children = Array.from({ length: processes }, () => startProcess(environment));
    const runtime = new BareRuntime(children, batches);
    try {
      await Promise.all(
        children.map(async (child) => {
          send(child, { type: "load", onnxFile, intraOpNumThreads: threads, executionProvider, batches });
          const isLoaded = await Promise.race([once(child, "message"), once(child, "exit").then(() => false)]);
          if (isLoaded === false) {
            throw new Error(`a bare ONNX Runtime process ended before it had loaded ${onnxFile}`);
          }
        }),
      );
    } catch (error) {
      // The others would wait for batches for ever, and this process for them.
      runtime[Symbol.dispose]();
      throw error;
    }
    return runtime;
  }

  private constructor(children: readonly ChildProcess[], batches: readonly PaddedBatch[]) {
    this.#children = children;
    this.#batches = batches;
  }

  /** Runs every batch `times` times, the largest first; returns the logits of each. */
  async runAll(times = 1): Promise<readonly Float32Array[]> {
    const order = [...this.#batches.keys()].toSorted((a, b) => this.#tokens(b) - this.#tokens(a));
    const waiting = order.flatMap((batch) => Array.from({ length: times }, () => batch));
    const logits: Float32Array[] = [];
    await Promise.all(this.#children.map((child) => workOff(child, waiting, logits)));
    return logits;
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) {
      child.kill();
    }
  }

  #tokens(batch: number): number {
    return this.#batches[batch]?.inputIds.length ?? 0;
  }
}

function startProcess(environment: Readonly<Record<string, string>>): ChildProcess {
  return fork(fileURLToPath(new URL("./bare-process.ts", import.meta.url)), [], {
    serialization: "advanced",
    env: { ...process.env, ORT_DISABLE_TELEMETRY: "1", ...environment },
  });
}

/** Takes batches from the common list until it is empty and every answer is there. */
function workOff(child: ChildProcess, waiting: number[], logits: Float32Array[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let inHand = 0;
  const take = (): void => {
    while (inHand < batchesInHand) {
      const batch = waiting.shift();
      if (batch === undefined) {
        break;
      }
      inHand++;
      send(child, { type: "run", batch });
    }
    if (inHand === 0) {
      child.off("message", onReply);
      child.off("exit", onExit);
      resolve();
    }
  };
  const onReply = (reply: BareReply): void => {
    if (reply.type === "ran") {
      logits[reply.batch] = reply.logits;
      inHand--;
      take();
    }
  };
  const onExit = (): void => reject(new Error("a bare ONNX Runtime process ended"));
  child.on("message", onReply);
  child.once("exit", onExit);
  take();
  return promise;
}

function send(child: ChildProcess, message: BareMessage): void {
  child.send(message);
}
