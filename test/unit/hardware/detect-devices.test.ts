import { chmodSync } from "node:fs";
import { expect, test } from "vitest";
import { detectDevices, parseDevices } from "../../../src/hardware/detect-devices.ts";
import { gpuRows } from "../../helpers/gpu-devices.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

const cutA100 = "0, GPU-5d5ba0d6-d33d, NVIDIA A100-SXM4-80GB, 8.0, 81920, 580.65.06, Enabled";
const cutList = `GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-5d5ba0d6-d33d)
  MIG 3g.40gb     Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)
  MIG 1g.10gb+me  Device  1: (UUID: MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb)
  MIG 1c.3g.40gb  Device  2: (UUID: MIG-GPU-5d5ba0d6-d33d/2/0)
`;

test.each([
  ["a100", "NVIDIA A100-SXM4-80GB", "8.0", 81_920],
  ["h100", "NVIDIA H100 80GB HBM3", "9.0", 81_559],
  ["h200", "NVIDIA H200", "9.0", 143_771],
  ["b200", "NVIDIA B200", "10.0", 183_359],
] as const)("a row of a %s is a whole GPU", (profile, name, computeCapability, mebibytes) => {
  const [device, ...others] = parseDevices(`${gpuRows[profile]}\n`, "");
  expect(others).toEqual([]);
  expect(device).toEqual({
    uuid: gpuRows[profile].split(", ")[1],
    name,
    computeCapability,
    memoryBytes: mebibytes * 1024 * 1024,
    driverVersion: "580.65.06",
    migProfile: null,
  });
});

test("of a GPU that is cut into slices, each slice is a device with its own memory", () => {
  expect(parseDevices(cutA100, cutList)).toMatchObject([
    { uuid: "MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f", migProfile: "3g.40gb", memoryBytes: 40e9 },
    { uuid: "MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb", migProfile: "1g.10gb+me", memoryBytes: 10e9 },
    { uuid: "MIG-GPU-5d5ba0d6-d33d/2/0", name: "NVIDIA A100-SXM4-80GB", computeCapability: "8.0", memoryBytes: 40e9 },
  ]);
});

test("a container that was given a slice needs not be told the memory of the whole GPU", () => {
  const withheld = cutA100.replace("81920", "[Insufficient Permissions]");
  expect(parseDevices(withheld, cutList)).toEqual(parseDevices(cutA100, cutList));
});

test("a GPU that could be cut and has no slice computes nothing", () => {
  expect(parseDevices(cutA100, "GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-5d5ba0d6-d33d)\n")).toEqual([]);
});

test("slices belong to the GPU above them", () => {
  const whole = gpuRows.a100.replace(/^0/, "1");
  const list = `${cutList}GPU 1: NVIDIA A100-SXM4-80GB (UUID: GPU-5d5ba0d6)\n`;
  expect(parseDevices(`${whole}\n${cutA100}`, list).map(({ migProfile }) => migProfile)).toEqual([
    null,
    "3g.40gb",
    "1g.10gb+me",
    "1c.3g.40gb",
  ]);
});

test.each([
  "No devices were found",
  "0, GPU-5d5b, NVIDIA H200, 9.0, 143771, 580.65.06",
  "0, GPU-5d5b, NVIDIA H200, 9.0, 143771 MiB, 580.65.06, Disabled",
  "0, GPU-5d5b, NVIDIA H200, [N/A], 143771, 580.65.06, Disabled",
  "0, GPU-5d5b, NVIDIA H200, 9.0, [Unknown Error], 580.65.06, Disabled",
  "0, GPU-5d5b, NVIDIA H200, 9.0, [Insufficient Permissions], 580.65.06, Disabled",
  "0, GPU-5d5b$(id), NVIDIA H200, 9.0, 143771, 580.65.06, Disabled",
  "0, GPU-5d5b, NVIDIA H200, 9.0, 143771, 580.65.06, Disabled, more",
])("%s is refused as a row", (row) => {
  expect(() => parseDevices(row, "")).toThrow("a row that is none");
});

test.each([
  ["  MIG 1g.10gb     Device  0: (UUID: MIG-c6d4f1ef)", "no device"],
  ["GPU 0: NVIDIA A100 (UUID: GPU-5d5b)\n  MIG huge  Device  0: (UUID: MIG-c6d4f1ef)", "does not tell its memory"],
  ["Failed to initialize NVML: Driver/library version mismatch", "no device"],
])("the list %j is refused", (list, problem) => {
  expect(() => parseDevices(gpuRows.h200, list)).toThrow(problem);
});

test("without the command there is no device", async () => {
  expect(await detectDevices("/nowhere/nvidia-smi")).toEqual([]);
});

test("the command is asked for the table and for the list", async () => {
  using folder = new TemporaryFolder();
  const fields = "index,uuid,name,compute_cap,memory.total,driver_version,mig.mode.current";
  const command = folder.write(
    "nvidia-smi",
    `#!/bin/sh
case "$*" in
  "--query-gpu=${fields} --format=csv,noheader,nounits") echo "${gpuRows.h200}" ;;
  "-L") echo "GPU 0: NVIDIA H200 (UUID: GPU-1c7d2e90)" ;;
  *) exit 1 ;;
esac
`,
  );
  chmodSync(command, 0o700);
  expect(await detectDevices(command)).toMatchObject([{ name: "NVIDIA H200", migProfile: null }]);
});

test("a command that fails is an error, not the absence of GPUs", async () => {
  using folder = new TemporaryFolder();
  const command = folder.write("nvidia-smi", "#!/bin/sh\necho 'Failed to initialize NVML'\nexit 9\n");
  chmodSync(command, 0o700);
  await expect(detectDevices(command)).rejects.toThrow("Failed to initialize NVML");
});
