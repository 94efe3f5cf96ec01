import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readElfBuildId } from "../../../src/hardware/elf-build-id.ts";
import { onnxRuntimeFolder, readOnnxRuntimeFacts } from "../../../src/hardware/onnx-runtime-facts.ts";
import type { OnnxRuntimePackage } from "../../../src/onnx-runtime-package.ts";
import { elfLibrary } from "../../helpers/elf-library.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

const knownBuild = "cb49769971ffd58123f8d12b4284c2cc741d9c0b";

test.each([
  ["onnxruntime-node", "1.30.0"],
  ["onnxruntime-node-cuda", "1.27.0"],
] as const)("%s is the core %s", async (packageName, version) => {
  expect(await readOnnxRuntimeFacts(packageName)).toMatchObject({ packageName, coreVersion: version });
});

test("a package that is not installed is told", () => {
  const missing = "onnxruntime-node-of-nobody" as OnnxRuntimePackage;
  expect(() => onnxRuntimeFolder(missing)).toThrow("it is not installed");
});

test("without a file of its name there is no provider", async () => {
  using folder = new TemporaryFolder();
  folder.write("package.json", JSON.stringify({ version: "1.30.0" }));
  expect(await readOnnxRuntimeFacts("onnxruntime-node", folder.path)).toEqual({
    packageName: "onnxruntime-node",
    coreVersion: "1.30.0",
    cudaProvider: null,
  });
});

test("a provider is known by its build ID", async () => {
  using folder = new TemporaryFolder();
  writePackage(folder, elfLibrary(knownBuild));
  expect(await readOnnxRuntimeFacts("onnxruntime-node", folder.path)).toMatchObject({
    coreVersion: "1.30.0",
    cudaProvider: { buildId: knownBuild, build: { version: "1.30.0" } },
  });
});

test("a provider of an unknown build has no version", async () => {
  using folder = new TemporaryFolder();
  writePackage(folder, elfLibrary("00".repeat(20)));
  expect(await readOnnxRuntimeFacts("onnxruntime-node", folder.path)).toMatchObject({ cudaProvider: { build: null } });
});

test("what is no library, or is cut off, is an error that says so", async () => {
  using folder = new TemporaryFolder();
  const whole = elfLibrary(knownBuild);
  await expect(readElfBuildId(folder.write("text.so", "x".repeat(100)))).rejects.toThrow("no library of 64-bit Linux");
  for (const bytes of [0, 63, 100, whole.length - 1]) {
    const file = join(folder.path, "cut.so");
    writeFileSync(file, whole.subarray(0, bytes));
    await expect(readElfBuildId(file)).rejects.toThrow("cut off");
  }
});

test("a library without notes has no build ID", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "plain.so");
  const plain = elfLibrary(knownBuild);
  plain.writeUInt32LE(1, 64);
  writeFileSync(file, plain);
  expect(await readElfBuildId(file)).toBeNull();
});

function writePackage(folder: TemporaryFolder, provider: Buffer): void {
  const libraries = join(folder.path, "bin/napi-v6", process.platform, process.arch);
  mkdirSync(libraries, { recursive: true });
  folder.write("package.json", JSON.stringify({ version: "1.30.0" }));
  writeFileSync(join(libraries, "libonnxruntime_providers_cuda.so"), provider);
}
