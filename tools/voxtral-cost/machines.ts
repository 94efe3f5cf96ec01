/** Limits of a machine that no program passes. */
export interface Machine {
  readonly name: string;
  /** Bytes for weights, caches and whatever a run needs. */
  readonly memory: number;
  /** Bytes a second. */
  readonly bandwidth: number;
  /** Floating point operations a second of matrix products, without sparsity. */
  readonly operations: number;
  /** Bytes a second between the memory of the device and that of its host, in one direction. */
  readonly hostBandwidth: number;
}

const gigabyte = 1e9;
const terabyte = 1e12;
const teraflops = 1e12;

/**
 * Data sheets of NVIDIA, SXM boards, 16-bit floating point on tensor cores: H100 (989 TFLOPS), H200 (as H100), HGX B200 (36
 * PFLOPS with sparsity for 8 boards, half of it without). A B200 has 192 GB, of which systems such as DGX B200 offer 180. PCIe
 * of the fifth generation: 128 GB/s in both directions together.
 */
export const accelerators: readonly Machine[] = [
  {
    name: "H100",
    memory: 80 * gigabyte,
    bandwidth: 3.35 * terabyte,
    operations: 989 * teraflops,
    hostBandwidth: 64 * gigabyte,
  },
  {
    name: "H200",
    memory: 141 * gigabyte,
    bandwidth: 4.8 * terabyte,
    operations: 989 * teraflops,
    hostBandwidth: 64 * gigabyte,
  },
  {
    name: "B200",
    memory: 192 * gigabyte,
    bandwidth: 8 * terabyte,
    operations: 2_250 * teraflops,
    hostBandwidth: 64 * gigabyte,
  },
];

/** What one core of the CPU of the measurements in `docs/voxtral.md` did. */
export const cpuCore = {
  /** Reading memory that no cache holds. */
  bandwidth: 15 * gigabyte,
  /** float32 products of ONNX Runtime's MatMulNBits over a prompt. */
  operations: 0.15 * teraflops,
};

/** Memory sizes of servers without an accelerator. */
export const serverMemories: readonly number[] = [8, 16, 32, 64].map((size) => size * gigabyte);
