import type { ModelPlan } from "./plan-model.ts";

/** Where one process computes. */
export interface Seat {
  readonly provider: "cpu" | "cuda";
  /** The only device that it may see; null on the CPU. */
  readonly device: string | null;
}

/**
 * Gives each process of a model its place: the device with the fewest of them, or the CPU.
 *
 * cuda → cuda, proven, once a process got ready there; cuda → cpu when one failed before any did, and the plan allows it.
 * A model that was proven on a GPU is never moved: on a CPU it would be slower by an order of magnitude without a word.
 */
export class ModelPlacement {
  readonly #mayFallBack: boolean;
  /** Processes on each device. */
  readonly #load = new Map<string, number>();
  #provider: Seat["provider"];
  #isProven = false;

  constructor(plan: ModelPlan) {
    this.#provider = plan.provider;
    this.#mayFallBack = plan.provider === "cuda" && plan.mayFallBack;
    for (const { uuid } of plan.provider === "cuda" ? plan.devices : []) {
      this.#load.set(uuid, 0);
    }
  }

  /** It has not fallen back. */
  get isOnGpu(): boolean {
    return this.#provider === "cuda";
  }

  /** The place of a process that starts now; `left` says that it has ended. */
  take(): Seat {
    if (this.#provider === "cpu") {
      return { provider: "cpu", device: null };
    }
    const [emptiest] = [...this.#load].toSorted(([, one], [, other]) => one - other);
    if (emptiest === undefined) {
      throw new Error("a plan for the GPU names no device");
    }
    const [device, processes] = emptiest;
    this.#load.set(device, processes + 1);
    return { provider: "cuda", device };
  }

  left({ device }: Seat): void {
    if (device !== null) {
      this.#load.set(device, (this.#load.get(device) ?? 1) - 1);
    }
  }

  /** A process in this place got ready. */
  proved({ provider }: Seat): void {
    this.#isProven ||= provider === "cuda";
  }

  /** A process in this place ended before it was ready. True when all are to compute on the CPU from now on. */
  failed({ provider }: Seat): boolean {
    if (provider === "cpu" || this.#provider === "cpu" || this.#isProven || !this.#mayFallBack) {
      return false;
    }
    this.#provider = "cpu";
    return true;
  }
}
