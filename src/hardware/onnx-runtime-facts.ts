import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OnnxRuntimePackage } from "../onnx-runtime-package.ts";
import { systemErrorCode } from "../system-error-code.ts";
import { readElfBuildId } from "./elf-build-id.ts";

/** A build of the CUDA provider, as it was found in its wheel. */
export interface ProviderBuild {
  /** Of ONNX Runtime. */
  readonly version: string;
  readonly cuda: string;
  /** Major version of the oldest driver for that CUDA. */
  readonly minimumDriver: number;
  /** Those that it holds code for; it holds none that the driver could compile for others. */
  readonly computeCapabilities: readonly string[];
}

/** An installed ONNX Runtime. */
export interface OnnxRuntimeFacts {
  readonly packageName: OnnxRuntimePackage;
  /** Of the core, as its package says. */
  readonly coreVersion: string;
  /** The CUDA provider that lies beside the core; null without one. */
  readonly cudaProvider: {
    readonly buildId: string | null;
    /** Null for a build that is not in the table. */
    readonly build: ProviderBuild | null;
  } | null;
}

const common = { cuda: "13.0", minimumDriver: 580 };

/**
 * By GNU build ID: the library itself holds no version. Both are those of the wheels of `onnxruntime-gpu` for Python
 * 3.12 on PyPI; their code was listed with `cuobjdump`.
 */
const knownBuilds: Readonly<Record<string, ProviderBuild>> = {
  "3781a36fb315a96333a3d694a908377237189929": {
    ...common,
    version: "1.27.0",
    computeCapabilities: ["7.5", "8.0", "8.6", "8.9", "9.0", "10.0", "12.0"],
  },
  cb49769971ffd58123f8d12b4284c2cc741d9c0b: {
    ...common,
    version: "1.30.0",
    computeCapabilities: ["7.5", "8.0", "8.6", "8.9", "9.0", "12.0"],
  },
};

/** What ONNX Runtime calls the library. */
export const cudaProviderFile = "libonnxruntime_providers_cuda.so";

/** The build with this GNU build ID; null for one that is not in the table. */
export function providerBuild(buildId: string | null): ProviderBuild | null {
  return knownBuilds[buildId ?? ""] ?? null;
}

/**
 * Folder of an installed package.
 * @throws Error when it is not installed.
 */
export function onnxRuntimeFolder(packageName: OnnxRuntimePackage): string {
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(packageName))), "..");
  } catch (cause) {
    throw new Error("it is not installed", { cause });
  }
}

/** Where core and providers lie in the folder of a package. */
export function librariesIn(folder: string): string {
  return join(folder, "bin/napi-v6", process.platform, process.arch);
}

/**
 * @param folder of the package.
 * @throws Error when it is not installed or cannot be read.
 */
export async function readOnnxRuntimeFacts(
  packageName: OnnxRuntimePackage,
  folder = onnxRuntimeFolder(packageName),
): Promise<OnnxRuntimeFacts> {
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string };
  return {
    packageName,
    coreVersion: version,
    cudaProvider: await readProvider(join(librariesIn(folder), cudaProviderFile)),
  };
}

async function readProvider(path: string): Promise<OnnxRuntimeFacts["cudaProvider"]> {
  try {
    const buildId = await readElfBuildId(path);
    return { buildId, build: providerBuild(buildId) };
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") {
      return null;
    }
    throw error;
  }
}
