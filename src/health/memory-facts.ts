import { freemem, totalmem } from "node:os";
import { type CgroupMemory, readCgroupMemory } from "../processes/cgroup-memory.ts";
import { childPids } from "../processes/child-pids.ts";
import { type ProcessMemory, readProcessMemory } from "../processes/process-memory.ts";
import { type HostMemory, readHostMemory } from "./host-memory.ts";

export interface MemoryFacts {
  readonly host: HostMemory;
  /** Null without cgroup v2, and where no group has a limit. */
  readonly cgroup: CgroupMemory | null;
  /** Of the API process; null when the system does not say. */
  readonly service: ProcessMemory | null;
  readonly children: readonly ChildMemory[];
}

export interface ChildMemory extends ProcessMemory {
  readonly pid: number;
  /** Which model's inference process it is; null for all others, such as those that decode audio. */
  readonly model: string | null;
}

/** A flood of processes is no reason to tell of them all. */
const maxChildren = 200;

/**
 * @param modelPids the model of each inference process.
 * @throws Error when the system does not say what its memory is.
 */
export async function readMemoryFacts(modelPids: ReadonlyMap<number, string>): Promise<MemoryFacts> {
  const pids = new Set([...modelPids.keys(), ...childPids()]);
  const children = [...pids].slice(0, maxChildren).flatMap((pid) => {
    const memory = readProcessMemory(pid);
    return memory === null ? [] : [{ pid, model: modelPids.get(pid) ?? null, ...memory }];
  });
  return {
    host: await readHostMemory(),
    cgroup: readCgroupMemory(),
    service: readProcessMemory(process.pid),
    children,
  };
}

/** What Node itself knows. */
export function minimalMemoryFacts(): MemoryFacts {
  return {
    host: { totalBytes: totalmem(), availableBytes: freemem() },
    cgroup: null,
    service: null,
    children: [],
  };
}
