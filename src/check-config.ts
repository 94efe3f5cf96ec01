import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError, type ConfigProblem } from "./config/config-error.ts";
import type { Environment } from "./config/environment-layer.ts";
import { loadConfig } from "./config/load-config.ts";
import type { Config } from "./config.ts";
import { type Manifest, manifestSchema } from "./model-store/manifest.ts";

/**
 * Checks the configuration and the model folders that it names, without starting anything.
 *
 * @returns A summary of what would be used.
 * @throws {ConfigError} with everything that is wrong.
 */
export function checkConfig(environment?: Environment): string {
  const { config, files } = loadConfig(environment);
  const manifests = config.models.map((model, index) => readManifest(model.folder, `models[${index}].folder`));
  const problems = manifests.flatMap((reading) => ("problem" in reading ? [reading.problem] : []));
  const models = manifests.flatMap((reading) => ("manifest" in reading ? [reading.manifest] : []));
  if (problems.length === 0 && !models.some((model) => classifies(model, config.classify.model))) {
    const message = `no served text-classification model has this name; served are: ${models.map(nameOf).join(", ")}`;
    problems.push({ key: "classify.model", source: null, message });
  }
  if (problems.length > 0) {
    throw new ConfigError(problems);
  }
  return summary(config, files, models);
}

function readManifest(folder: string, key: string): { manifest: Manifest } | { problem: ConfigProblem } {
  const source = join(folder, "manifest.json");
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(source, "utf8"));
  } catch (error) {
    const reason = error instanceof SyntaxError ? "is not valid JSON" : "cannot be read";
    return { problem: { key, source, message: reason } };
  }
  const manifest = manifestSchema.safeParse(content);
  if (!manifest.success) {
    return { problem: { key, source, message: `is not a valid manifest\n${z.prettifyError(manifest.error)}` } };
  }
  return { manifest: manifest.data };
}

function classifies(model: Manifest, name: string): boolean {
  return model.name === name && model.task === "text-classification";
}

function nameOf(model: Manifest): string {
  return model.name;
}

function summary(config: Config, files: readonly string[], models: readonly Manifest[]): string {
  const lines = [
    "The configuration is valid.",
    `  environment  ${config.service.environment}`,
    `  address      ${config.server.host}:${config.server.port}`,
    ...files.map((file) => `  file         ${file}`),
    ...models.map((model) => `  model        ${model.name} ${model.version} (${model.task}, ${model.precision})`),
  ];
  return lines.join("\n");
}

if (import.meta.main) {
  try {
    process.stdout.write(`${checkConfig()}\n`);
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
