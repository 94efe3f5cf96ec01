import type { Precision } from "../precision.ts";
import type { GpuDevice } from "./gpu-device.ts";

/** A size that a kind of GPU is sold in. */
export interface GpuBoard {
  readonly memoryBytes: number;
  /** Of the SXM module, where there is one. */
  readonly memoryBytesPerSecond: number;
}

/** What is known of a kind of GPU before one is there: by itself, of its smallest board. */
export interface GpuProfile extends GpuBoard {
  readonly name: "a100" | "h100" | "h200" | "b200";
  /** What NVIDIA's driver calls it. */
  readonly deviceName: RegExp;
  readonly computeCapability: string;
  /** Those whose memory is faster, by size. */
  readonly largerBoards: readonly GpuBoard[];
  /** Of 16-bit floating point, dense; what is computed in 32 bits is slower. */
  readonly operationsPerSecond: number;
  /** The oldest CUDA that makes code for it. */
  readonly minimumCuda: string;
  /** Precisions of models that are to be computed on it, the best first. */
  readonly precisions: readonly Precision[];
}

export interface CpuProfile {
  readonly name: "cpu";
}

export type HardwareProfile = CpuProfile | GpuProfile;

/**
 * One order for all: these GPUs differ in size, and what does not fit is passed over anyway. fp16 comes first because it
 * gives what the model was made to say, at full speed of the tensor cores. int4 reads a quarter of its bytes at each token,
 * which allows 3.5 times the tokens with one text and 1.1 to 1.3 times with all that fit (limits in docs/voxtral.md), but says other
 * things now and then: it is for what has no room otherwise, or by the setting. fp32 is at most half as fast as fp16 and
 * reads seven times the bytes of int4. 8 bits are left to the CPU: the CUDA provider of ONNX Runtime 1.30.0 has no product
 * of integers for graphs like ours, and leaves each of them to the CPU, with copies to and fro.
 */
export const gpuPrecisions: readonly Precision[] = ["fp16", "int4", "fp32"];

export const cpuProfile: CpuProfile = { name: "cpu" };

/**
 * Memory, bandwidth and arithmetic are those of NVIDIA's data sheets (A100 40 and 80 GB, H100 SXM, H100 NVL of 94 GB, H200
 * SXM, DGX B200; without sparsity), in decimal units; compute capabilities and the first CUDA that knows them are those of
 * the CUDA toolkit's release notes.
 */
export const gpuProfiles: readonly GpuProfile[] = [
  {
    name: "a100",
    deviceName: /\bA100\b/,
    computeCapability: "8.0",
    memoryBytes: 40e9,
    memoryBytesPerSecond: 1.555e12,
    largerBoards: [{ memoryBytes: 80e9, memoryBytesPerSecond: 2.039e12 }],
    operationsPerSecond: 312e12,
    minimumCuda: "11.0",
    precisions: gpuPrecisions,
  },
  {
    name: "h100",
    deviceName: /\bH100\b/,
    computeCapability: "9.0",
    memoryBytes: 80e9,
    memoryBytesPerSecond: 3.35e12,
    largerBoards: [{ memoryBytes: 94e9, memoryBytesPerSecond: 3.9e12 }],
    operationsPerSecond: 989e12,
    minimumCuda: "11.8",
    precisions: gpuPrecisions,
  },
  {
    name: "h200",
    deviceName: /\bH200\b/,
    computeCapability: "9.0",
    memoryBytes: 141e9,
    memoryBytesPerSecond: 4.8e12,
    largerBoards: [],
    operationsPerSecond: 989e12,
    minimumCuda: "11.8",
    precisions: gpuPrecisions,
  },
  {
    name: "b200",
    deviceName: /\bB200\b/,
    computeCapability: "10.0",
    memoryBytes: 180e9,
    memoryBytesPerSecond: 8e12,
    largerBoards: [],
    operationsPerSecond: 2250e12,
    minimumCuda: "12.8",
    precisions: gpuPrecisions,
  },
];

/** Why a device is none of this profile, in plain words; empty when it is. */
export function misfits(device: GpuDevice, profile: GpuProfile): string[] {
  const { name, computeCapability, memoryBytes, migProfile } = device;
  const problems: string[] = [];
  if (!profile.deviceName.test(name)) {
    problems.push(`${name} is no ${profile.name.toUpperCase()}`);
  }
  if (computeCapability !== profile.computeCapability) {
    problems.push(`${name} has compute capability ${computeCapability} instead of ${profile.computeCapability}`);
  }
  // A slice has as much as it was given.
  if (migProfile === null && memoryBytes < profile.memoryBytes) {
    const [has, wants] = [memoryBytes, profile.memoryBytes].map((bytes) => Math.floor(bytes / 1e9));
    problems.push(`${name} has ${has} GB of memory instead of at least ${wants}`);
  }
  return problems;
}

/** The profile with the size and the bandwidth of its fastest board among these devices. */
export function profileOf(profile: GpuProfile, devices: readonly GpuDevice[]): GpuProfile {
  const boards = devices.map((device) => boardOf(profile, device));
  const fastest = boards.toSorted((one, other) => other.memoryBytesPerSecond - one.memoryBytesPerSecond)[0];
  return { ...profile, ...fastest };
}

function boardOf({ memoryBytes, memoryBytesPerSecond, largerBoards }: GpuProfile, device: GpuDevice): GpuBoard {
  const boards = [{ memoryBytes, memoryBytesPerSecond }, ...largerBoards];
  // The memory of a slice does not tell its board: no device may look too fast for what it is.
  const possible = boards.filter((board) => device.migProfile !== null || board.memoryBytes <= device.memoryBytes);
  return possible.at(-1) ?? { memoryBytes, memoryBytesPerSecond };
}
