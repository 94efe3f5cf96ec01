import { apiKeysBundle } from "./admission/keys/key-bundle.ts";
import { ConfigError, type ConfigProblem, describeProblem } from "./config/config-error.ts";
import type { Environment } from "./config/environment-layer.ts";
import { loadConfig } from "./config/load-config.ts";
import type { Config } from "./config.ts";
import { memoryProblems } from "./hardware/check-memory.ts";
import type { GpuDevice } from "./hardware/gpu-device.ts";
import { type Hardware, openHardware } from "./hardware/hardware.ts";
import type { PlannedModel } from "./hardware/plan-model.ts";
import { noRecordedCanary } from "./health/canary.ts";
import { instancesOf, planFromSettings } from "./local-model.ts";
import type { Manifest } from "./model-store/manifest.ts";
import { openModelFolder } from "./model-store/model-folder.ts";
import { deviceBytesOf } from "./model-store/model-variants.ts";
import { secretBundles, secretPlaces, takeSecrets } from "./open-secrets.ts";
import { OperatorError } from "./operator-error.ts";
import { missingKeysProblem } from "./require-keys.ts";
import { checkSecrets, type SecretsCheck } from "./secrets/check-secrets.ts";

/**
 * Checks the configuration, the secrets, every file of the model folders that it names, and whether the machine is what
 * the configuration wants, without starting anything.
 *
 * @param findHardware what the machine has.
 * @returns A summary of what would be used.
 * @throws {ConfigError} with everything that is wrong.
 */
export async function checkConfig(
  environment?: Environment,
  findHardware: (settings: Config["hardware"]) => Promise<Hardware> = openHardware,
): Promise<string> {
  const { config, files } = loadConfig(environment);
  const readings = await Promise.all(config.models.map((model, index) => openFolder(model.folder, keyOf(index))));
  const models = readings.flatMap((reading) => ("manifest" in reading ? [reading.manifest] : []));
  const problems = readings.flatMap((reading) => ("problem" in reading ? [reading.problem] : []));
  if (problems.length === 0) {
    // Only now is every name known.
    problems.push(...findSharedNames(models), ...findUnservableClassifier(models, config.classify.model));
  }
  const hardware = await findHardware(config.hardware);
  const placement = placeModels(config, readings, hardware);
  problems.push(...placement.problems);
  const variables = takeSecrets(environment);
  const secrets = checkSecrets(secretBundles, secretPlaces(config, variables));
  const hasKeys = secrets.usable.includes(apiKeysBundle.title);
  problems.push(...secrets.problems, ...findMissingKeys(config, hasKeys));
  if (problems.length > 0) {
    throw new ConfigError(problems);
  }
  return summary(config, files, { models, hardware, placement }, secrets);
}

type FolderReading = { readonly manifest: Manifest } | { readonly problem: ConfigProblem };

async function openFolder(folder: string, key: string): Promise<FolderReading> {
  try {
    const { manifest } = await openModelFolder(folder);
    return { manifest };
  } catch (error) {
    if (error instanceof OperatorError) {
      return { problem: { key, source: null, message: error.message } };
    }
    throw error;
  }
}

/** Where the models are to be computed, and what speaks against it. */
interface Placement {
  /** By the name of the model. */
  readonly plans: ReadonlyMap<string, PlannedModel>;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/** @param readings of all models of the configuration, in its order. */
function placeModels(config: Config, readings: readonly FolderReading[], hardware: Hardware): Placement {
  const { profile, requireGpu } = config.hardware;
  const setting = profile === "auto" && requireGpu ? "hardware.requireGpu" : "hardware.profile";
  const problems = hardware.problems.map((message): ConfigProblem => ({ key: setting, source: null, message }));
  const warnings: ConfigProblem[] = [];
  const plans = new Map<string, PlannedModel>();
  const onDevices: Parameters<typeof memoryProblems>[1][number][] = [];
  for (const [index, settings] of config.models.entries()) {
    const reading = readings[index];
    if (hardware.problems.length > 0 || reading === undefined || "problem" in reading) {
      continue;
    }
    const { manifest } = reading;
    const { name } = manifest;
    const key = `models[${index}].executionProvider`;
    const plan = planFromSettings(manifest, settings, hardware, requireGpu);
    if ("problem" in plan) {
      problems.push({ key: `models[${index}]`, source: null, message: plan.problem });
      continue;
    }
    plans.set(name, plan);
    if (plan.provider === "cuda") {
      const processes = instancesOf(settings, plan.devices.length) + settings.spares;
      const { precision } = plan.variant;
      onDevices.push({ name, precision, graphBytes: deviceBytesOf(plan.variant), processes });
      if (manifest.canary === undefined) {
        warnings.push({ key: keyOf(index), source: null, message: `${name} has ${noRecordedCanary}` });
      }
    } else if (plan.fallback !== null) {
      warnings.push({ key, source: null, message: `will be computed on the CPU: ${plan.fallback.detail}` });
    }
  }
  for (const message of memoryProblems(hardware.devices, onDevices)) {
    problems.push({ key: "models", source: null, message });
  }
  return { plans, problems, warnings };
}

/** @param models All those of the configuration, in its order. */
function findSharedNames(models: readonly Manifest[]): ConfigProblem[] {
  const names = models.map(nameOf);
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    const message = `holds a model named ${name}, and so does ${keyOf(first)}`;
    return first === index ? [] : [{ key: keyOf(index), source: null, message }];
  });
}

function findUnservableClassifier(models: readonly Manifest[], name: string): ConfigProblem[] {
  if (models.some((model) => classifies(model, name))) {
    return [];
  }
  const message = `no served text-classification model has this name; served are: ${models.map(nameOf).join(", ")}`;
  return [{ key: "classify.model", source: null, message }];
}

function keyOf(index: number): string {
  return `models[${index}].folder`;
}

function classifies(model: Manifest, name: string): boolean {
  return model.name === name && model.task === "text-classification";
}

function nameOf(model: Manifest): string {
  return model.name;
}

function findMissingKeys(config: Config, hasKeys: boolean): ConfigProblem[] {
  const message = missingKeysProblem(config, hasKeys);
  return message === null ? [] : [{ key: "server.host", source: null, message }];
}

function summary(
  config: Config,
  files: readonly string[],
  { models, hardware, placement }: { models: readonly Manifest[]; hardware: Hardware; placement: Placement },
  { usable, warnings }: SecretsCheck,
): string {
  const { plans } = placement;
  const lines = [
    "The configuration is valid.",
    `  environment  ${config.service.environment}`,
    `  address      ${config.server.host}:${config.server.port}`,
    ...files.map((file) => `  file         ${file}`),
    `  hardware     ${describeHardware(hardware)}`,
    ...(hardware.devices.length === 0 ? [] : [`  runtime      ${describeRuntime(hardware)}`]),
    ...hardware.devices.map((device) => `  device       ${describeDevice(device)}`),
    ...models.map((model) => `  model        ${describePlacement(model, plans.get(model.name), hardware)}`),
    ...usable.map((title) => `  secrets      ${title}`),
    ...[...placement.warnings, ...warnings].map((warning) => `  warning      ${describeProblem(warning)}`),
  ];
  return lines.join("\n");
}

function describePlacement(
  { name, version, task }: Manifest,
  plan: PlannedModel | undefined,
  hardware: Hardware,
): string {
  const place = plan?.provider === "cuda" ? hardware.profile.name : "cpu";
  return `${name} ${version} (${task}): ${plan?.variant.precision} on ${place}`;
}

function describeHardware({ profile, expectsGpu, cudaProblem }: Hardware): string {
  if (profile.name === "cpu") {
    return expectsGpu ? `cpu: ${cudaProblem?.detail}` : "cpu";
  }
  return `${profile.name} (${profile.memoryBytes / 1e9} GB at ${profile.memoryBytesPerSecond / 1e12} TB/s or more)`;
}

function describeRuntime({ onnxRuntime, cudaProblem }: Hardware): string {
  return onnxRuntime === null
    ? `none for the GPU: ${cudaProblem?.detail}`
    : `ONNX Runtime ${onnxRuntime.version} (${onnxRuntime.packageName}) with its CUDA provider`;
}

function describeDevice({ uuid, name, migProfile, memoryBytes, computeCapability, driverVersion }: GpuDevice): string {
  const kind = migProfile === null ? name : `${name} ${migProfile}`;
  const memory = `${(memoryBytes / 1e9).toFixed(1)} GB`;
  return `${uuid} (${kind}, ${memory}, compute capability ${computeCapability}, driver ${driverVersion})`;
}

if (import.meta.main) {
  try {
    process.stdout.write(`${await checkConfig()}\n`);
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
