import { resolve } from "node:path";
import { type Config, modelsFileSchema, settingsSchema } from "../config.ts";
import { checkLayers } from "./check-layers.ts";
import { ConfigError } from "./config-error.ts";
import { type Environment, readEnvironmentLayer } from "./environment-layer.ts";
import type { Layer } from "./layer.ts";
import { readYamlLayer } from "./yaml-layer.ts";

export const projectRoot: string = resolve(import.meta.dirname, "../..");

export interface LoadedConfig {
  readonly config: Config;
  /** Absolute paths of the files that it was read from. */
  readonly files: readonly string[];
}

/**
 * The configuration from `config/default.yaml`, the file that `CONFIG_FILE` names, and the environment, the later
 * laid over the earlier; the models from `MODELS_FILE` or `config/models.yaml`.
 *
 * @throws {ConfigError} with every problem of every place.
 */
export function loadConfig(environment: Environment = process.env): LoadedConfig {
  const settingsFiles = [resolve(projectRoot, "config/default.yaml"), ...namedFile(environment["CONFIG_FILE"])];
  const modelsFile = namedFile(environment["MODELS_FILE"])[0] ?? resolve(projectRoot, "config/models.yaml");
  const readings = [...settingsFiles.map(readYamlLayer), readEnvironmentLayer(environment)];
  const modelsReading = readYamlLayer(modelsFile);

  const settings = checkLayers(settingsSchema, layersOf(readings));
  const models = checkLayers(modelsFileSchema, layersOf([modelsReading]));
  const problems = [...readings, modelsReading].flatMap((reading) => reading.problems);
  // Of a models file that could not be read, the schema would only say that its one key is missing.
  problems.push(...settings.problems, ...(modelsReading.layer === null ? [] : models.problems));
  if (problems.length > 0 || settings.value === null || models.value === null) {
    throw new ConfigError(problems);
  }
  const config: Config = deepFreeze({ ...settings.value, models: models.value.models.map(withAbsolutePaths) });
  return { config, files: [...settingsFiles, modelsFile] };
}

/** A name that the operator gives is relative to where they stand. */
function namedFile(name: string | undefined): string[] {
  return name === undefined || name === "" ? [] : [resolve(name)];
}

function layersOf(readings: readonly { layer: Layer | null }[]): Layer[] {
  return readings.flatMap(({ layer }) => (layer === null ? [] : [layer]));
}

function withAbsolutePaths<Model extends { folder: string; plugins: string[] }>(model: Model): Model {
  return {
    ...model,
    folder: resolve(projectRoot, model.folder),
    plugins: model.plugins.map((plugin) => resolve(projectRoot, plugin)),
  };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
