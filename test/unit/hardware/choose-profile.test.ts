import { expect, test } from "vitest";
import { chooseProfile } from "../../../src/hardware/choose-profile.ts";
import { parseDevices } from "../../../src/hardware/detect-devices.ts";
import { gpuRows, twoH200 } from "../../helpers/gpu-devices.ts";

const kinds = ["a100", "h100", "h200", "b200"] as const;

test.each(kinds)("a machine of a %s gets its profile, by itself and by name", (name) => {
  const devices = parseDevices(gpuRows[name], "");
  expect(chooseProfile("auto", devices)).toMatchObject({ profile: { name }, devices });
  expect(chooseProfile(name, devices)).toMatchObject({ profile: { name }, devices });
});

test.each(kinds)("a machine without a GPU is no %s", (name) => {
  expect(chooseProfile(name, [])).toEqual({ problems: [expect.stringContaining(`and ${name} is one`)] });
});

test("a machine without a GPU is computed on by its CPU, and so is one whose GPU is not wanted", () => {
  expect(chooseProfile("auto", [])).toMatchObject({ profile: { name: "cpu" }, devices: [] });
  expect(chooseProfile("cpu", twoH200)).toMatchObject({ profile: { name: "cpu" }, devices: [] });
});

test("the bandwidth is that of the board: of the fastest where there are several, or where a slice does not tell", () => {
  const [large] = parseDevices(gpuRows.a100, "");
  const small = { ...large!, name: "NVIDIA A100-SXM4-40GB", memoryBytes: 40_960 * 1024 ** 2 };
  const slice = { ...large!, memoryBytes: 10e9, migProfile: "1g.10gb" };
  const slow = { memoryBytes: 40e9, memoryBytesPerSecond: 1.555e12 };
  const fast = { memoryBytes: 80e9, memoryBytesPerSecond: 2.039e12 };
  for (const setting of ["auto", "a100"] as const) {
    expect(chooseProfile(setting, [small])).toMatchObject({ profile: slow });
    expect(chooseProfile(setting, [large!])).toMatchObject({ profile: fast });
    expect(chooseProfile(setting, [small, large!])).toMatchObject({ profile: fast });
    expect(chooseProfile(setting, [slice])).toMatchObject({ profile: fast });
  }
});

test("an H100 NVL, whose memory is faster than that of the SXM module, is not judged by it", () => {
  const [sxm] = parseDevices(gpuRows.h100, "");
  const nvl = { ...sxm!, name: "NVIDIA H100 NVL", memoryBytes: 95_830 * 1024 ** 2 };
  expect(chooseProfile("auto", [sxm!])).toMatchObject({ profile: { memoryBytesPerSecond: 3.35e12 } });
  expect(chooseProfile("auto", [nvl])).toMatchObject({ profile: { name: "h100", memoryBytesPerSecond: 3.9e12 } });
});

test("what does not fit a profile is told in plain words, once", () => {
  expect(chooseProfile("b200", twoH200)).toEqual({
    problems: [
      "NVIDIA H200 is no B200",
      "NVIDIA H200 has compute capability 9.0 instead of 10.0",
      "NVIDIA H200 has 150 GB of memory instead of at least 180",
    ],
  });
});

test("a GPU with less memory than its kind has is refused, unless it is a slice of one", () => {
  const small = twoH200.map((device) => ({ ...device, memoryBytes: 80e9 }));
  expect(chooseProfile("h200", small)).toEqual({
    problems: ["NVIDIA H200 has 80 GB of memory instead of at least 141"],
  });
  const slices = small.map((device) => ({ ...device, memoryBytes: 18e9, migProfile: "1g.18gb" }));
  expect(chooseProfile("h200", slices)).toMatchObject({ profile: { name: "h200" } });
});

test.each([
  ["NVIDIA L4", "8.9"],
  ["NVIDIA GH200 480GB", "9.0"],
])("no profile is for a machine with a %s", (name, computeCapability) => {
  const [first] = twoH200;
  expect(chooseProfile("auto", [{ ...first!, name, computeCapability }])).toEqual({
    problems: [`no hardware profile is for all GPUs of this machine: ${name} (${computeCapability})`],
  });
});

test("no profile is for GPUs of several kinds", () => {
  const mixed = [...twoH200, ...parseDevices(gpuRows.a100, "")];
  expect(chooseProfile("auto", mixed)).toEqual({ problems: [expect.stringContaining("A100")] });
});
