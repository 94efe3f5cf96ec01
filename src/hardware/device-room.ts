import { restingBytes, usableBytes } from "./device-limits.ts";
import type { GpuDevice } from "./gpu-device.ts";

/** A model with processes on the devices. */
export interface Tenant {
  /** Bytes of its graphs there and their weights. */
  readonly graphBytes: number;
  /** On each device, spares too. */
  readonly processes: number;
  /** What one of them takes for its largest batch by the settings of now, if there is room. */
  wantedBytes(): number;
}

/** The place of a tenant, until it leaves. */
export interface Lease {
  /** What each of its processes may take for a batch now, in bytes; 0 when the models do not fit together. */
  readonly bytes: number;
  /**
   * … and with an equal part of what no process asks for: all of them may take so much at once. For a single run of which
   * the settings say nothing.
   */
  readonly mostBytes: number;
  leave(): void;
}

/**
 * Shares the memory of a device among the processes of all models on it, so that they fit whatever they do at once. Shares
 * change as models come and go, and as settings do; what a process has taken for an earlier batch it keeps.
 */
export class DeviceRoom {
  readonly #usableBytes: number;
  readonly #tenants = new Set<Tenant>();

  /** @param devices All models have processes on each of them: the smallest decides. */
  constructor(devices: readonly Pick<GpuDevice, "memoryBytes">[]) {
    this.#usableBytes = usableBytes(Math.min(...devices.map(({ memoryBytes }) => memoryBytes)));
  }

  enter(tenant: Tenant): Lease {
    this.#tenants.add(tenant);
    const share = (): Share => this.#share(tenant);
    return {
      get bytes() {
        return share().bytes;
      },
      get mostBytes() {
        return share().mostBytes;
      },
      leave: () => {
        this.#tenants.delete(tenant);
      },
    };
  }

  #share(tenant: Tenant): Share {
    const tenants = [...this.#tenants];
    const resting = tenants.reduce((total, each) => total + restingBytes(each), 0);
    const demands = tenants.map((each) => ({ processes: each.processes, bytes: each.wantedBytes() }));
    const freeBytes = Math.max(0, this.#usableBytes - resting);
    const shares = shareBytes(freeBytes, demands);
    const processes = demands.reduce((total, demand) => total + demand.processes, 0);
    const taken = demands.reduce((total, demand, index) => total + demand.processes * (shares[index] ?? 0), 0);
    const bytes = shares[tenants.indexOf(tenant)] ?? 0;
    return { bytes, mostBytes: bytes + Math.floor((freeBytes - taken) / Math.max(1, processes)) };
  }
}

type Share = Pick<Lease, "bytes" | "mostBytes">;

/** Of one model: so many processes that want so many bytes each. */
export interface Demand {
  readonly processes: number;
  readonly bytes: number;
}

/**
 * What a process of each model gets: all that it wants, or else as much as any other does (max-min fairness). Processes that
 * want little leave the rest of an equal part to others.
 */
export function shareBytes(freeBytes: number, demands: readonly Demand[]): number[] {
  const shares = demands.map(() => 0);
  let left = Math.max(0, freeBytes);
  let processes = demands.reduce((total, demand) => total + demand.processes, 0);
  for (const [index, demand] of [...demands.entries()].toSorted(([, one], [, other]) => one.bytes - other.bytes)) {
    const share = Math.floor(Math.min(demand.bytes, left / processes));
    shares[index] = share;
    left -= share * demand.processes;
    processes -= demand.processes;
  }
  return shares;
}
