import { join } from "node:path";
import { expect, test } from "vitest";
import { formatKeyRecords } from "../../src/admission/keys/key-records.ts";
import { checkConfig } from "../../src/check-config.ts";
import { ConfigError } from "../../src/config/config-error.ts";
import type { Environment } from "../../src/config/environment-layer.ts";
import { parseDevices } from "../../src/hardware/detect-devices.ts";
import { type Detection, judgeHardware } from "../../src/hardware/hardware.ts";
import { listKey } from "../helpers/api-keys.ts";
import { cpuMachine, gpuRows, h200Machine, runtime130, twoH200 } from "../helpers/gpu-devices.ts";
import { validManifest, writeModelFolder } from "../helpers/model-folder.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

test("a valid configuration is summed up with its files and models", async () => {
  using folder = new TemporaryFolder();
  const summary = await checkConfig({ ...serving(folder, { small: validManifest() }), PORT: "9999" });
  expect(summary).toContain("The configuration is valid.");
  expect(summary).toContain("127.0.0.1:9999");
  expect(summary).toContain(join(folder.path, "models.yaml"));
  expect(summary).toContain("small 1.2.3 (text-classification): fp32");
});

test("the models of the repository pass", async () => {
  expect(await checkConfig({})).toContain("camembert-toxicity-fr");
});

test("a problem of the settings is told before any model folder is opened", async () => {
  const problems = await problemsOf({ LOG_LEVEL: "loud", MODELS_FILE: "/nowhere/models.yaml" });
  expect(problems.map((problem) => problem.source)).toEqual(["/nowhere/models.yaml", "LOG_LEVEL"]);
});

test("every model folder that cannot be opened is told with what is wrong in it", async () => {
  using folder = new TemporaryFolder();
  const unlicensed = { ...validManifest(), licence: undefined };
  const environment = serving(folder, { good: validManifest(), unlicensed, missing: null, cut: validManifest() });
  folder.write("cut/onnx/model.onnx", "cut");
  expect(await problemsOf(environment)).toEqual([
    { key: "models[1].folder", source: null, message: expect.stringMatching(/unlicensed.manifest\.json .*licence/s) },
    { key: "models[2].folder", source: null, message: expect.stringMatching(/missing.manifest\.json cannot be read/) },
    { key: "models[3].folder", source: null, message: expect.stringMatching(/onnx.model\.onnx has 3 bytes/) },
  ]);
});

test("two folders must not hold models of one name", async () => {
  using folder = new TemporaryFolder();
  const environment = serving(folder, { one: validManifest(), two: { ...validManifest(), version: "2.0.0" } });
  const message = "holds a model named small, and so does models[0].folder";
  expect(await problemsOf(environment)).toEqual([{ key: "models[1].folder", source: null, message }]);
});

test("the model that classifies must be among those that are served", async () => {
  using folder = new TemporaryFolder();
  const environment = serving(folder, { small: validManifest() });
  const message = "no served text-classification model has this name; served are: small";
  expect(await problemsOf({ ...environment, SERVICE__CLASSIFY__MODEL: "large" })).toEqual([
    { key: "classify.model", source: null, message },
  ]);
});

test("a speech model cannot be the one that classifies", async () => {
  using folder = new TemporaryFolder();
  const speech = { ...validManifest(), task: "automatic-speech-recognition" };
  expect(await problemsOf(serving(folder, { small: speech }))).toMatchObject([{ key: "classify.model" }]);
});

test("an address that others can reach needs keys, or no keys on purpose", async () => {
  using folder = new TemporaryFolder();
  const environment = { ...serving(folder, { small: validManifest() }), HOST: "0.0.0.0" };
  expect(await problemsOf(environment)).toMatchObject([{ key: "server.host" }]);
  expect(await checkConfig({ ...environment, SERVICE__AUTH__MODE: "none" })).toContain("valid");
  const keys = folder.write("keys.json", formatKeyRecords(listKey().records));
  const summary = await checkConfig({ ...environment, SERVICE__AUTH__KEYS_FILE: keys });
  expect(summary).toContain("secrets      API key configuration");
});

test("secrets are checked as the service would, and what is wrong is told by its place", async () => {
  using folder = new TemporaryFolder();
  const environment = serving(folder, { small: validManifest() });
  const problems = await problemsOf({
    ...environment,
    REDIS_URL: "http://canary",
    SERVICE__SECRETS__FOLDER: "/nowhere",
  });
  expect(JSON.stringify(problems)).toContain("REDIS_URL");
  expect(JSON.stringify(problems)).toContain("/nowhere");
  expect(JSON.stringify(problems)).not.toContain("canary");
});

test("the summary tells what the machine is and where each model will be computed", async () => {
  using folder = new TemporaryFolder();
  const environment = serving(folder, { small: validManifest(), whole: { ...validManifest(), name: "whole" } });
  const onCpu = await checkConfig(environment, () => Promise.resolve(cpuMachine));
  expect(onCpu).toContain("hardware     cpu");
  expect(onCpu).not.toContain("runtime  ");
  expect(onCpu).toContain("small 1.2.3 (text-classification): fp32 on cpu");
  const onGpu = await checkConfig(environment, () => Promise.resolve(h200Machine));
  expect(onGpu).toContain("hardware     h200 (141 GB at 4.8 TB/s or more)");
  expect(onGpu).toContain("runtime      ONNX Runtime 1.30.0 (onnxruntime-node) with its CUDA provider");
  expect(onGpu).toContain("GPU-bbbbbbbb-1111 (NVIDIA H200, 150.8 GB, compute capability 9.0, driver 580.65.06)");
  expect(onGpu).toContain("small 1.2.3 (text-classification): fp32 on h200");
});

test("the summary says why a machine whose driver does not answer computes on the CPU", async () => {
  using folder = new TemporaryFolder();
  const environment = serving(folder, { small: { ...validManifest(), precision: "int8" } });
  const broken = judgeHardware({ profile: "auto", requireGpu: false }, { problem: "nvidia-smi failed: no driver" }, []);
  expect(await checkConfig(environment, () => Promise.resolve(broken))).toContain(
    "hardware     cpu: the driver does not tell of its GPUs: nvidia-smi failed: no driver",
  );
});

test("a model on a device without a recorded canary is a warning", async () => {
  using folder = new TemporaryFolder();
  const canary = { texts: [{ text: "Bonjour", scores: { toxic: 0.1 } }], tolerance: 0.05 };
  const recorded = { ...validManifest(), canary };
  const environment = serving(folder, { small: validManifest(), recorded: { ...recorded, name: "recorded" } });
  const warnings = await checkConfig(environment, () => Promise.resolve(h200Machine));
  const message = "small has no recorded canary: what the device answers is compared with nothing";
  expect(warnings.match(/.*recorded canary.*/g)).toEqual([`  warning      models[0].folder: ${message}`]);
  expect(await checkConfig(environment, () => Promise.resolve(cpuMachine))).not.toContain("recorded canary");
});

test("a profile that the device does not fit is a problem, with each thing that does not", async () => {
  using folder = new TemporaryFolder();
  const environment = { ...serving(folder, { small: validManifest() }), SERVICE__HARDWARE__PROFILE: "b200" };
  expect(await problemsOf(environment, judged({ devices: twoH200 }))).toEqual([
    { key: "hardware.profile", source: null, message: "NVIDIA H200 is no B200" },
    {
      key: "hardware.profile",
      source: null,
      message: expect.stringContaining("compute capability 9.0 instead of 10.0"),
    },
    {
      key: "hardware.profile",
      source: null,
      message: expect.stringContaining("150 GB of memory instead of at least 180"),
    },
  ]);
});

test("a GPU that cannot be used is a warning, and a problem where one is required", async () => {
  using folder = new TemporaryFolder();
  const environment = serving(folder, { small: validManifest() });
  const b200 = judged({ devices: parseDevices(gpuRows.b200, "") });
  const warning = /warning .*models\[0\]\.executionProvider.* on the CPU: .* no code for compute capability 10\.0/;
  expect(await checkConfig(environment, b200)).toMatch(warning);
  const required = { ...environment, SERVICE__HARDWARE__REQUIRE_GPU: "true" };
  expect(await problemsOf(required, b200)).toMatchObject([{ key: "hardware.requireGpu" }]);
});

test("models that each fit on the devices, and not together, are a problem", async () => {
  using folder = new TemporaryFolder();
  const environment = serving(folder, { small: validManifest(), whole: { ...validManifest(), name: "whole" } });
  const slices = twoH200.map((device) => ({ ...device, memoryBytes: 3e9, migProfile: "1g.3gb" }));
  const problems = await problemsOf(environment, judged({ devices: slices }));
  expect(problems).toMatchObject([{ key: "models" }, { key: "models" }]);
  expect(problems[0]?.message).toContain("small, whole need 4.3 GB before they compute anything");
});

test("a model that does not fit on the devices is told to fall back", async () => {
  using folder = new TemporaryFolder();
  const environment = serving(folder, { small: validManifest() });
  const slices = twoH200.map((device) => ({ ...device, memoryBytes: 2e9, migProfile: "1g.2gb" }));
  const summary = await checkConfig(environment, judged({ devices: slices }));
  expect(summary).toContain("small 1.2.3 (text-classification): fp32 on cpu");
  expect(summary).toMatch(
    /warning .* will be computed on the CPU: a device has room for 1\.8 GB, but with 2 processes/,
  );
});

test("a model with graphs of several precisions is told with the one for the device", async () => {
  using folder = new TemporaryFolder();
  const manifest = validManifest();
  const variants = { fp16: manifest.files.filter(({ path }) => path.startsWith("onnx/")) };
  const environment = serving(folder, { small: { ...manifest, precision: "int8", variants } });
  const onGpu = await checkConfig(environment, () => Promise.resolve(h200Machine));
  expect(onGpu).toContain("small 1.2.3 (text-classification): fp16 on h200");
  const onCpu = await checkConfig(environment, () => Promise.resolve(cpuMachine));
  expect(onCpu).toContain("small 1.2.3 (text-classification): int8 on cpu");
});

/** How the service judges a machine of these devices with ONNX Runtime 1.30.0. */
function judged(detection: Detection): Parameters<typeof checkConfig>[1] {
  return (settings) => Promise.resolve(judgeHardware(settings, detection, [{ runtime: runtime130 }]));
}

/** An environment in which these folders are served, each with its manifest; null makes none. */
function serving(folder: TemporaryFolder, manifests: Readonly<Record<string, unknown>>): Environment {
  for (const [name, manifest] of Object.entries(manifests)) {
    if (manifest !== null) {
      writeModelFolder(join(folder.path, name), manifest);
    }
  }
  const entries = Object.keys(manifests).map((name) => `  - folder: ${join(folder.path, name)}\n`);
  const models = folder.write("models.yaml", `models:\n${entries.join("")}`);
  return { MODELS_FILE: models, SERVICE__CLASSIFY__MODEL: "small" };
}

async function problemsOf(
  environment: Environment,
  findHardware?: Parameters<typeof checkConfig>[1],
): Promise<ConfigError["problems"]> {
  try {
    await checkConfig(environment, findHardware);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}
