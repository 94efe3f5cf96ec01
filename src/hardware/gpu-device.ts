/** One GPU, or one slice of one (MIG): what a process is pinned to. */
export interface GpuDevice {
  /** As `CUDA_VISIBLE_DEVICES` takes it: `GPU-…`, or `MIG-…` of a slice. */
  readonly uuid: string;
  /** Of the whole GPU, such as `NVIDIA H200`. */
  readonly name: string;
  /** Such as `9.0`. */
  readonly computeCapability: string;
  /** Of a slice, its own part. */
  readonly memoryBytes: number;
  /** Such as `580.65.06`. */
  readonly driverVersion: string;
  /** Such as `1g.18gb`; null for a whole GPU. */
  readonly migProfile: string | null;
}
