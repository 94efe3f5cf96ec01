/** What the processes of one model have in common. */
export interface MemoryNeed {
  /** Graphs and weights, which each of them holds; of the largest, where they differ. */
  readonly graphBytes: number;
  /** Processes that the model should have, and may have. */
  readonly processes: number;
}

const mebibyte = 1024 * 1024;

/** Of the machine's memory, for all inference processes together: the API, audio and the kernel need the rest. */
const shareOfMachine = 0.8;

/** What a process needs whatever its model: Node, ONNX Runtime and the tensors of a run. */
const runtimeBytes = 256 * mebibyte;

/** A sound process may need this many times its graphs, for packed weights and caches … */
const graphFactor = 3;
/** … and this much besides. Below, a limit would only replace what does not leak. */
const floorBytes = 512 * mebibyte;

/**
 * Bytes that one process of `model` may take: its part, by size, of what there is for the processes of all models, and
 * never less than a sound one may need.
 * @param machineBytes Memory of the machine or the container.
 */
export function automaticLimit(model: MemoryNeed, all: readonly MemoryNeed[], machineBytes: number): number {
  const weightOf = ({ graphBytes }: MemoryNeed): number => graphBytes + runtimeBytes;
  const total = all.reduce((sum, each) => sum + each.processes * weightOf(each), 0);
  const part = (shareOfMachine * machineBytes * weightOf(model)) / total;
  return Math.floor(Math.max(part, graphFactor * model.graphBytes + floorBytes));
}
