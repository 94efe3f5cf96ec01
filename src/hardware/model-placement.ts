import type { ModelPlan } from "./plan-model.ts";

/** Where one process computes. */
export interface Seat {
  readonly provider: "cpu" | "cuda";
  /** The only device that it may see; null on the CPU. */
  readonly device: string | null;
}

/**
 * What a failure on a device comes to: nothing; none of the model's processes computes there for a while; all of them
 * compute on the CPU from now on; or nothing is left to try.
 */
export type PlacementVerdict =
  | { readonly kind: "kept" | "fell_back" | "hopeless" }
  | { readonly kind: "set_aside"; readonly device: string; readonly failures: number; readonly retryMs: number };

/** Failures in a row that cost a device its processes: one may be anybody's fault. */
const mostFailures = 3;
/** Failures that are further apart are no row, in milliseconds. */
const rowMs = 600_000;
/** A device that was set aside is tried again after so long, then after twice as long, and so on. Milliseconds. */
const firstRetryMs = 300_000;
const longestRetryMs = 3_600_000;

interface Device {
  readonly uuid: string;
  processes: number;
  /** Of these, whose successors are on their way. */
  leaving: number;
  failures: number;
  failedAt: number;
  /** When a process last got ready here, if nothing has failed since. */
  provedAt: number | null;
  /** Until when no process is started here; null unless it is set aside. */
  setAsideUntil: number | null;
  /** How long it is, or was last, set aside; 0 for a device that nothing is held against. */
  retryMs: number;
}

/**
 * Gives each process of a model its place: the device with the fewest of them, or the CPU. Times are milliseconds on one
 * clock that never goes back.
 *
 * cuda → cuda, proven, once a process got ready there; cuda → cpu when one failed before any did, on two devices or the
 * only one, and the plan allows it. A model that was proven on a GPU is never moved: on a CPU it would be slower by an order of magnitude
 * without a word.
 *
 * A device on which processes fail in a row, while another one works, is set aside for this model, and one process is tried
 * there again after a while. The last one never is.
 */
export class ModelPlacement {
  readonly #mayFallBack: boolean;
  readonly #devices: readonly Device[];
  /** Processes of the model that a device has, when all are there. */
  readonly #share: number;
  #provider: Seat["provider"];
  #isProven = false;

  /** @param processes that the model should have, spares too. */
  constructor(plan: ModelPlan, processes: number) {
    const uuids = plan.provider === "cuda" ? plan.devices.map(({ uuid }) => uuid) : [];
    this.#provider = plan.provider;
    this.#mayFallBack = plan.provider === "cuda" && plan.mayFallBack;
    this.#share = Math.ceil(processes / Math.max(1, uuids.length));
    this.#devices = uuids.map((uuid) => ({
      uuid,
      processes: 0,
      leaving: 0,
      failures: 0,
      failedAt: Number.NEGATIVE_INFINITY,
      provedAt: null,
      setAsideUntil: null,
      retryMs: 0,
    }));
  }

  /** It has not fallen back. */
  get isOnGpu(): boolean {
    return this.#provider === "cuda";
  }

  /** Devices that are set aside, the ones that are being tried again too. */
  get setAside(): readonly string[] {
    return this.#devices.filter(({ setAsideUntil }) => setAsideUntil !== null).map(({ uuid }) => uuid);
  }

  /** Processes that there is room for now: those of devices that are set aside are missed, not crowded elsewhere. */
  room(now: number): number {
    return this.#provider === "cpu" ? Number.POSITIVE_INFINITY : this.#share * this.#usable(now).length;
  }

  /** The place of a process that starts now; `left` says that it has ended. */
  take(now: number): Seat {
    if (this.#provider === "cpu") {
      return { provider: "cpu", device: null };
    }
    const [device] = this.#usable(now).toSorted((one, other) => this.#compare(one, other));
    if (device === undefined) {
      throw new Error("a plan for the GPU names no device");
    }
    device.processes++;
    return { provider: "cuda", device: device.uuid };
  }

  left(seat: Seat): void {
    const device = this.#deviceOf(seat);
    if (device !== null) {
      device.processes--;
    }
  }

  /** A successor of the process in this place is to start, and takes the same place: see `stays`. */
  leaves(seat: Seat): void {
    const device = this.#deviceOf(seat);
    if (device !== null) {
      device.leaving++;
    }
  }

  /** The replacement is over, however it ended. */
  stays(seat: Seat): void {
    const device = this.#deviceOf(seat);
    if (device !== null) {
      device.leaving--;
    }
  }

  /** A process in this place got ready. True when the device was set aside, and is used again. */
  proved(seat: Seat, now: number): boolean {
    const device = this.#deviceOf(seat);
    if (device === null) {
      return false;
    }
    const wasSetAside = device.setAsideUntil !== null;
    this.#isProven = true;
    device.provedAt = now;
    device.setAsideUntil = null;
    return wasSetAside;
  }

  /** A process in this place ended before it was ready. */
  failed(seat: Seat, now: number): PlacementVerdict {
    const device = this.#deviceOf(seat);
    if (device === null || this.#provider === "cpu") {
      return { kind: "kept" };
    }
    if (this.#isProven) {
      return this.#judge(device, now);
    }
    this.#note(device, now);
    const failed = this.#devices.filter(({ failures }) => failures > 0).length;
    const isTriedElsewhere = this.#devices.some(({ failures, processes }) => failures === 0 && processes > 0);
    if (isTriedElsewhere || failed < Math.min(2, this.#devices.length)) {
      return { kind: "kept" };
    }
    if (!this.#mayFallBack) {
      return { kind: "hopeless" };
    }
    this.#provider = "cpu";
    return { kind: "fell_back" };
  }

  /** The device was lost to a process that was ready. */
  lost(seat: Seat, now: number): PlacementVerdict {
    const device = this.#deviceOf(seat);
    return device === null ? { kind: "kept" } : this.#judge(device, now);
  }

  #judge(device: Device, now: number): PlacementVerdict {
    const isTrusted = device.provedAt !== null && now - device.provedAt >= rowMs;
    if (isTrusted) {
      device.retryMs = 0;
    }
    this.#note(device, now);
    const others = this.#devices.filter((other) => other !== device && other.setAsideUntil === null);
    const isBad = device.failures >= mostFailures || device.retryMs > 0;
    if (!isBad || !others.some(({ provedAt }) => provedAt !== null)) {
      return { kind: "kept" };
    }
    const { uuid, failures } = device;
    const retryMs = device.retryMs === 0 ? firstRetryMs : Math.min(longestRetryMs, 2 * device.retryMs);
    device.retryMs = retryMs;
    device.setAsideUntil = now + retryMs;
    return { kind: "set_aside", device: uuid, failures, retryMs };
  }

  #note(device: Device, now: number): void {
    device.failures = now - device.failedAt < rowMs ? device.failures + 1 : 1;
    device.failedAt = now;
    device.provedAt = null;
  }

  /** One that works, and is not set aside. */
  get #works(): boolean {
    return this.#devices.some(({ provedAt, setAsideUntil }) => provedAt !== null && setAsideUntil === null);
  }

  /** Where nothing works, those that are set aside are no worse. */
  #usable(now: number): readonly Device[] {
    return this.#works
      ? this.#devices.filter(({ setAsideUntil }) => setAsideUntil === null || setAsideUntil <= now)
      : this.#devices;
  }

  /** Room first; then, if anything works, what is not set aside; then few processes; then few failures. */
  #compare(one: Device, other: Device): number {
    const held = ({ setAsideUntil }: Device): number => Number(this.#works && setAsideUntil !== null);
    return (
      Number(this.#isFull(one)) - Number(this.#isFull(other)) ||
      held(one) - held(other) ||
      one.processes - one.leaving - (other.processes - other.leaving) ||
      one.failures - other.failures
    );
  }

  #isFull({ processes, leaving }: Device): boolean {
    return processes - leaving >= this.#share;
  }

  #deviceOf(seat: Seat): Device | null {
    return this.#devices.find(({ uuid }) => uuid === seat.device) ?? null;
  }
}
