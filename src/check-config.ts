import { apiKeysBundle } from "./admission/keys/key-bundle.ts";
import { ConfigError, type ConfigProblem, describeProblem } from "./config/config-error.ts";
import type { Environment } from "./config/environment-layer.ts";
import { loadConfig } from "./config/load-config.ts";
import type { Config } from "./config.ts";
import type { Manifest } from "./model-store/manifest.ts";
import { openModelFolder } from "./model-store/model-folder.ts";
import { secretBundles, secretPlaces, takeSecrets } from "./open-secrets.ts";
import { OperatorError } from "./operator-error.ts";
import { missingKeysProblem } from "./require-keys.ts";
import { checkSecrets, type SecretsCheck } from "./secrets/check-secrets.ts";

/**
 * Checks the configuration, the secrets and every file of the model folders that it names, without starting anything.
 *
 * @returns A summary of what would be used.
 * @throws {ConfigError} with everything that is wrong.
 */
export async function checkConfig(environment?: Environment): Promise<string> {
  const { config, files } = loadConfig(environment);
  const readings = await Promise.all(config.models.map((model, index) => openFolder(model.folder, keyOf(index))));
  const models = readings.flatMap((reading) => ("manifest" in reading ? [reading.manifest] : []));
  const problems = readings.flatMap((reading) => ("problem" in reading ? [reading.problem] : []));
  if (problems.length === 0) {
    // Only now is every name known.
    problems.push(...findSharedNames(models), ...findUnservableClassifier(models, config.classify.model));
  }
  const variables = takeSecrets(environment);
  const secrets = checkSecrets(secretBundles, secretPlaces(config, variables));
  const hasKeys = secrets.usable.includes(apiKeysBundle.title);
  problems.push(...secrets.problems, ...findMissingKeys(config, hasKeys));
  if (problems.length > 0) {
    throw new ConfigError(problems);
  }
  return summary(config, files, models, secrets);
}

async function openFolder(folder: string, key: string): Promise<{ manifest: Manifest } | { problem: ConfigProblem }> {
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
  models: readonly Manifest[],
  { usable, warnings }: SecretsCheck,
): string {
  const lines = [
    "The configuration is valid.",
    `  environment  ${config.service.environment}`,
    `  address      ${config.server.host}:${config.server.port}`,
    ...files.map((file) => `  file         ${file}`),
    ...models.map((model) => `  model        ${model.name} ${model.version} (${model.task}, ${model.precision})`),
    ...usable.map((title) => `  secrets      ${title}`),
    ...warnings.map((warning) => `  warning      ${describeProblem(warning)}`),
  ];
  return lines.join("\n");
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
