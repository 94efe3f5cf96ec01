import { expect, test } from "vitest";
import { parseDevices } from "../../../src/hardware/detect-devices.ts";
import { type Detection, judgeHardware } from "../../../src/hardware/hardware.ts";
import { type OnnxRuntimeFacts, providerBuild } from "../../../src/hardware/onnx-runtime-facts.ts";
import { gpuRows, h200Machine, runtime127, runtime130, runtimeOf, twoH200 } from "../../helpers/gpu-devices.ts";

const auto = { profile: "auto", requireGpu: false } as const;
const found: Detection = { devices: twoH200 };
const b200: Detection = { devices: parseDevices(gpuRows.b200, "") };
const withoutProvider: OnnxRuntimeFacts = {
  packageName: "onnxruntime-node",
  coreVersion: "1.30.0",
  cudaProvider: null,
};

test("a GPU with the provider that belongs to the core can be computed on", () => {
  expect(h200Machine).toMatchObject({ profile: { name: "h200" }, cudaProblem: null, expectsGpu: true, problems: [] });
});

test("a machine without a GPU is nothing to report, and a broken driver is", () => {
  const none = judgeHardware(auto, { devices: [] }, []);
  expect(none).toMatchObject({ profile: { name: "cpu" }, expectsGpu: false, problems: [] });
  const broken = judgeHardware(auto, { problem: "Command failed" }, []);
  expect(broken).toMatchObject({ profile: { name: "cpu" }, expectsGpu: true, cudaProblem: { reason: "no_device" } });
  expect(broken.cudaProblem?.detail).toContain("Command failed");
});

test.each([
  ["the provider is not installed", withoutProvider, "no_provider", "has no CUDA provider beside its core"],
  ["the provider is older than the core", { ...runtime127, coreVersion: "1.30.0" }, "version_mismatch", "1.27.0"],
  ["the provider is a build that nobody listed", runtimeOf("1.30.0", null), "version_mismatch", "build ID 0123"],
] as const)("%s: the reason is told", (_, runtime, reason, words) => {
  const { cudaProblem, profile } = judgeHardware(auto, found, [{ runtime }]);
  expect(cudaProblem).toEqual({ reason, detail: expect.stringContaining(words) });
  expect(profile.name).toBe("h200");
});

test("a B200 needs a provider that holds code for it", () => {
  expect(judgeHardware(auto, b200, [{ runtime: runtime130 }]).cudaProblem).toEqual({
    reason: "no_kernels",
    detail: expect.stringContaining("the CUDA provider 1.30.0 holds no code for compute capability 10.0"),
  });
  expect(judgeHardware(auto, b200, [{ runtime: runtime127 }]).cudaProblem).toBeNull();
});

test("a B200 needs a provider made for CUDA 12.8 or newer", () => {
  const build = { version: "1.30.0", cuda: "12.6", minimumDriver: 560, computeCapabilities: ["10.0"] };
  expect(judgeHardware(auto, b200, [{ runtime: runtimeOf("1.30.0", build) }]).cudaProblem).toMatchObject({
    reason: "no_kernels",
    detail: expect.stringContaining("needs 12.8 or newer"),
  });
});

test("a driver that is too old for the provider's CUDA is told", () => {
  const devices = twoH200.map((device) => ({ ...device, driverVersion: "570.86.15" }));
  expect(judgeHardware(auto, { devices }, [{ runtime: runtime130 }]).cudaProblem).toMatchObject({
    reason: "old_driver",
  });
});

test("a profile that is named and does not fit is a reason not to start, and so is a missing GPU where one is required", () => {
  const named = judgeHardware({ profile: "b200", requireGpu: false }, found, [{ runtime: runtime130 }]);
  expect(named.problems).toContain("NVIDIA H200 is no B200");
  const required = judgeHardware({ profile: "auto", requireGpu: true }, { devices: [] }, []);
  expect(required.problems).toEqual([expect.stringMatching(/^hardware\.requireGpu is set, but .*no GPU/)]);
  expect(
    judgeHardware({ profile: "h200", requireGpu: true }, found, [{ runtime: withoutProvider }]).problems,
  ).toHaveLength(1);
  expect(judgeHardware({ profile: "h200", requireGpu: false }, found, [{ runtime: withoutProvider }]).problems).toEqual(
    [],
  );
});

test("a GPU for which there is no profile is reported, and a reason not to start where one is required", () => {
  const devices = twoH200.map((device) => ({ ...device, name: "NVIDIA L40S", computeCapability: "8.9" }));
  const tolerated = judgeHardware(auto, { devices }, [{ runtime: runtime130 }]);
  expect(tolerated).toMatchObject({ expectsGpu: true, cudaProblem: { reason: "no_profile" }, problems: [] });
  expect(judgeHardware({ ...auto, requireGpu: true }, { devices }, [{ runtime: runtime130 }]).problems).toHaveLength(1);
});

test("a build ID that is not in the table is no build", () => {
  expect(providerBuild(null)).toBeNull();
  expect(providerBuild("00")).toBeNull();
});
