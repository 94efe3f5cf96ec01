import type { Exchange, Places } from "../places.ts";
import type { ModelPlan } from "./plan-model.ts";

/** Where one process computes. */
export interface Seat {
  readonly provider: "cpu" | "cuda";
  /** The only device that it may see; null on the CPU. */
  readonly device: string | null;
}

/** How a process ended: before it was ready, with the loss of its device, or in a way that says nothing of the device. */
export type SeatEnd = "failed" | "lost" | "other";

/**
 * What the end of a process comes to for its device: nothing; none of the model's processes is started there for a while; all
 * of them compute on the CPU from now on; or nothing is left to try.
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
  /** Of these, those that got ready. */
  readonly ready: Set<Seat>;
  /** Whose successors are on their way. */
  leaving: number;
  /** The process that tries the device again after it was set aside. */
  trial: Seat | null;
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
 * only one, none is on its way any more, and the plan allows it. A model that was proven on a GPU is never moved: on a CPU it
 * would be slower by an order of magnitude without a word.
 *
 * A device on which processes fail in a row, while another one works, is set aside for this model, and one process is tried
 * there again after a while. The last one never is.
 */
export class ModelPlacement {
  readonly #mayFallBack: boolean;
  readonly #devices: readonly Device[];
  readonly #wanted: Places;
  #provider: Seat["provider"];
  #isProven = false;

  /** @param wanted that the model should have when all devices work. */
  constructor(plan: ModelPlan, wanted: Places) {
    const uuids = plan.provider === "cuda" ? plan.devices.map(({ uuid }) => uuid) : [];
    this.#provider = plan.provider;
    this.#mayFallBack = plan.provider === "cuda" && plan.mayFallBack;
    this.#wanted = wanted;
    this.#devices = uuids.map((uuid) => ({
      uuid,
      processes: 0,
      ready: new Set(),
      leaving: 0,
      trial: null,
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

  /** When the next device that is set aside may be tried again; null when none waits for that. */
  retryAt(now: number): number | null {
    const times = this.#devices.flatMap(({ setAsideUntil }) => setAsideUntil ?? []).filter((time) => time > now);
    return times.length === 0 ? null : Math.min(...times);
  }

  /**
   * What the model may have now. Processes of devices that are set aside are missed, not crowded elsewhere: those devices
   * keep what still runs there, and are given one more when they are tried again. One instance at least, where any is wanted.
   */
  places(now: number): Places {
    if (this.#provider === "cpu" || !this.#works) {
      return this.#wanted;
    }
    const sound = this.#devices.filter(({ setAsideUntil }) => setAsideUntil === null).length;
    const others = this.#devices.map((device) => placesOfSetAside(device, now)).reduce((sum, count) => sum + count, 0);
    const share = (wanted: number): number => Math.min(wanted, evenShare(wanted, this.#devices.length, sound) + others);
    const instances = share(this.#wanted.instances);
    return { instances, spares: share(this.#all) - instances };
  }

  /** The place of a process that starts now; `ended` takes it back. */
  take(now: number): Seat {
    if (this.#provider === "cpu") {
      return { provider: "cpu", device: null };
    }
    const [device] = this.#usable(now).toSorted((one, other) => this.#compare(one, other));
    if (device === undefined) {
      throw new Error("a plan for the GPU names no device");
    }
    const seat: Seat = { provider: "cuda", device: device.uuid };
    device.processes++;
    if (this.#works && device.setAsideUntil !== null) {
      device.trial = seat;
    }
    return seat;
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
    device.ready.add(seat);
    device.provedAt = now;
    device.setAsideUntil = null;
    device.trial = null;
    return wasSetAside;
  }

  /** The process in this place is gone. */
  ended(seat: Seat, end: SeatEnd, now: number): PlacementVerdict {
    const device = this.#deviceOf(seat);
    if (device === null) {
      return { kind: "kept" };
    }
    device.processes--;
    device.ready.delete(seat);
    if (device.trial === seat) {
      device.trial = null;
    }
    if (end === "other" || this.#provider === "cpu") {
      return { kind: "kept" };
    }
    if (end === "failed" && !this.#isProven) {
      return this.#judgeFirst(device, now);
    }
    // A successor that fails beside the process that it was to replace found too little room, perhaps: that one works.
    const isBesideWorking = end === "failed" && device.leaving > 0 && device.ready.size > 0;
    return isBesideWorking ? { kind: "kept" } : this.#judge(device, now);
  }

  /**
   * Where roles do not fit devices, as after a spare took the place of a process on another one: the instance, from the
   * device with most of them, whose work a spare on another device should do. Null when all is well.
   */
  exchange<T>(instances: readonly T[], spares: readonly T[], seatOf: (process: T) => Seat | null): Exchange<T> | null {
    const deviceOf = (process: T): string | null => seatOf(process)?.device ?? null;
    const busy = (process: T): number => instances.filter((other) => deviceOf(other) === deviceOf(process)).length;
    const isSound = (process: T): boolean =>
      this.#devices.some(({ uuid, setAsideUntil }) => uuid === deviceOf(process) && setAsideUntil === null);
    const [instance] = instances
      .filter((each) => deviceOf(each) !== null)
      .toSorted((one, other) => busy(other) - busy(one));
    const [spare] = spares.filter(isSound).toSorted((one, other) => busy(one) - busy(other));
    return instance === undefined || spare === undefined || busy(instance) - busy(spare) < 2
      ? null
      : { instance, spare };
  }

  /** Before any process of the model got ready. */
  #judgeFirst(device: Device, now: number): PlacementVerdict {
    this.#note(device, now);
    const failed = this.#devices.filter(({ failures }) => failures > 0).length;
    // One that is on its way may prove the device; and on the CPU there must be all of them or none.
    const isOnItsWay = this.#devices.some(({ processes }) => processes > 0);
    if (isOnItsWay || failed < Math.min(2, this.#devices.length)) {
      return { kind: "kept" };
    }
    if (!this.#mayFallBack) {
      return { kind: "hopeless" };
    }
    this.#provider = "cpu";
    return { kind: "fell_back" };
  }

  #judge(device: Device, now: number): PlacementVerdict {
    if (device.setAsideUntil !== null && device.setAsideUntil > now) {
      // Of the same trouble: it is told, and waited for, once.
      return { kind: "kept" };
    }
    const isTrusted = device.provedAt !== null && now - device.provedAt >= rowMs;
    if (isTrusted) {
      device.retryMs = 0;
    }
    this.#note(device, now);
    const isBad = device.failures >= mostFailures || device.retryMs > 0;
    if (!isBad || !this.#devices.some((other) => other !== device && works(other))) {
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

  get #works(): boolean {
    return this.#devices.some(works);
  }

  /** Where nothing works, those that are set aside are no worse. */
  #usable(now: number): readonly Device[] {
    return this.#works
      ? this.#devices.filter(({ setAsideUntil }) => setAsideUntil === null || setAsideUntil <= now)
      : this.#devices;
  }

  /** A free place first; then, if anything works, what is not set aside; then few processes; then few failures. */
  #compare(one: Device, other: Device): number {
    const held = ({ setAsideUntil }: Device): number => Number(this.#works && setAsideUntil !== null);
    return (
      Number(this.#isFull(one)) - Number(this.#isFull(other)) ||
      held(one) - held(other) ||
      staying(one) - staying(other) ||
      one.failures - other.failures
    );
  }

  /** It has all that it should have, or the sound devices together do and it is one of them. */
  #isFull(device: Device): boolean {
    const isSound = device.setAsideUntil === null;
    const sound = this.#devices.filter(({ setAsideUntil }) => setAsideUntil === null);
    const onSound = sound.reduce((sum, each) => sum + staying(each), 0);
    return (
      device.trial !== null ||
      staying(device) >= Math.ceil(this.#all / this.#devices.length) ||
      (isSound && onSound >= evenShare(this.#all, this.#devices.length, sound.length))
    );
  }

  /** Processes that the model should have when all devices work. */
  get #all(): number {
    return this.#wanted.instances + this.#wanted.spares;
  }

  #deviceOf(seat: Seat): Device | null {
    return this.#devices.find(({ uuid }) => uuid === seat.device) ?? null;
  }
}

/** It is not set aside, and a process works there, or did when it was last asked to. */
function works({ ready, provedAt, setAsideUntil }: Device): boolean {
  return setAsideUntil === null && (ready.size > 0 || provedAt !== null);
}

/** Processes on it, but for those whose successors are on their way. */
function staying({ processes, leaving }: Device): number {
  return processes - leaving;
}

/** Of so many things that are shared out evenly among devices: those on `usable` of them, the fullest. */
function evenShare(count: number, devices: number, usable: number): number {
  return Math.floor(count / devices) * usable + Math.min(count % devices, usable);
}

/** What still runs on a device that is set aside, and one more that tries it when its time has come; 0 for any other. */
function placesOfSetAside({ setAsideUntil, processes, trial }: Device, now: number): number {
  if (setAsideUntil === null) {
    return 0;
  }
  const survivors = processes - (trial === null ? 0 : 1);
  return survivors + (setAsideUntil <= now ? 1 : 0);
}
