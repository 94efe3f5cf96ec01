import { cudaProviderFile } from "../../src/hardware/onnx-runtime-facts.ts";
import type { OnnxRuntimePackage } from "../../src/onnx-runtime-package.ts";

/** The wheel that holds the CUDA provider of one of our cores. */
export interface ProviderWheel {
  /** As the argument names it. */
  readonly pair: string;
  /** The npm package of the core. */
  readonly packageName: OnnxRuntimePackage;
  /** Of ONNX Runtime: core and provider must be of one. */
  readonly version: string;
  readonly sha256: string;
  readonly wheelBytes: number;
  /** What is taken out of it, in the order in which it is put in place: by name, the GNU build ID. */
  readonly libraries: Readonly<Record<string, string>>;
  /** Of all `libraries` together. */
  readonly libraryBytes: number;
  /** Libraries of CUDA, cuDNN and the driver that the provider asks the linker for, at its load or with a graph's first run. */
  readonly needs: readonly string[];
}

/** It holds nothing that differs between the two versions. */
const shared = { "libonnxruntime_providers_shared.so": "dbfdfdacee2395c9449bb414b48360e0361ac9bc" };

const neededByBoth = [
  "libcuda.so.1",
  "libcudart.so.13",
  "libcublas.so.13",
  "libcublasLt.so.13",
  "libcurand.so.10",
  "libcudnn.so.9",
];

/**
 * Those of `onnxruntime-gpu` on PyPI for Python 3.12, whose builds `src/hardware/onnx-runtime-facts.ts` knows. The pair
 * that is to be preferred comes first. `needs` is what `readelf -d` lists; cuDNN is opened by 1.30.0 when it needs it.
 */
export const providerWheels: readonly ProviderWheel[] = [
  {
    pair: "1.30",
    packageName: "onnxruntime-node",
    version: "1.30.0",
    sha256: "6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1",
    wheelBytes: 246_685_715,
    libraries: { ...shared, [cudaProviderFile]: "cb49769971ffd58123f8d12b4284c2cc741d9c0b" },
    libraryBytes: 272_064_536,
    needs: neededByBoth,
  },
  {
    pair: "1.27",
    packageName: "onnxruntime-node-cuda",
    version: "1.27.0",
    sha256: "b2b8d6afabf3c23c2c698639a16388816dc7298f388a9ddddf504b283990ea01",
    wheelBytes: 220_305_746,
    libraries: { ...shared, [cudaProviderFile]: "3781a36fb315a96333a3d694a908377237189929" },
    libraryBytes: 251_641_912,
    needs: [...neededByBoth, "libcufft.so.12", "libnvrtc.so.13"],
  },
];
