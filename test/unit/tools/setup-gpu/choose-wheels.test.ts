import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../../../src/config/load-config.ts";
import { parseDevices } from "../../../../src/hardware/detect-devices.ts";
import { cudaProviderFile, providerBuild } from "../../../../src/hardware/onnx-runtime-facts.ts";
import { onnxRuntimePackages } from "../../../../src/onnx-runtime-package.ts";
import { chooseWheels } from "../../../../tools/setup-gpu/choose-wheels.ts";
import { providerWheels } from "../../../../tools/setup-gpu/provider-wheel.ts";
import { gpuRows } from "../../../helpers/gpu-devices.ts";

const [h200 = null] = parseDevices(gpuRows.h200, "");
const [b200 = null] = parseDevices(gpuRows.b200, "");

test("each wheel is of the version that package.json installs, and its provider the build that is known by it", () => {
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(projectRoot, "package.json"), "utf8"),
  ) as {
    dependencies: Record<string, string>;
    optionalDependencies: Record<string, string>;
  };
  const specs: Record<string, string> = { ...dependencies, ...optionalDependencies };
  expect(providerWheels.map(({ packageName }) => packageName)).toEqual(onnxRuntimePackages);
  for (const { pair, packageName, version, libraries } of providerWheels) {
    expect(specs[packageName]?.replace("npm:onnxruntime-node@", "")).toBe(version);
    expect(version).toBe(`${pair}.0`);
    expect(providerBuild(libraries[cudaProviderFile] ?? null)?.version).toBe(version);
  }
});

test("what the arguments name is brought, once", () => {
  expect(pairsOf(["1.27", "1.30", "1.27"], [])).toEqual(["1.27", "1.30"]);
});

test("without arguments each device gets the first provider with code for it", () => {
  expect(pairsOf([], [h200!])).toEqual(["1.30"]);
  expect(pairsOf([], [b200!, b200!])).toEqual(["1.27"]);
  expect(pairsOf([], [h200!, b200!])).toEqual(["1.30", "1.27"]);
});

test("a device that no provider holds code for is told by its name", () => {
  const old = { ...h200!, name: "Tesla P100", computeCapability: "6.0" };
  expect(() => chooseWheels([], [old])).toThrow("no provider holds code for Tesla P100 (compute capability 6.0)");
});

test("without arguments and devices it asks which, and an argument that names none is refused", () => {
  expect(() => chooseWheels([], [])).toThrow(/the driver tells of no GPU here.* --pair 1\.30 or 1\.27/);
  expect(() => chooseWheels(["1.29"], [])).toThrow('--pair takes 1.30 or 1.27, not "1.29"');
});

function pairsOf(...[pairs, devices]: Parameters<typeof chooseWheels>): string[] {
  return chooseWheels(pairs, devices).map(({ pair }) => pair);
}
