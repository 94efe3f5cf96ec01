import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkConfig } from "../../src/check-config.ts";
import { ConfigError } from "../../src/config/config-error.ts";
import type { Environment } from "../../src/config/environment-layer.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

const manifest = {
  name: "small",
  version: "1.2.3",
  task: "text-classification",
  plugin: "camembert",
  precision: "int8",
  files: [{ path: "onnx/model.onnx", bytes: 1, sha256: "0".repeat(64) }],
  licence: "MIT",
  provenance: {},
};

test("a valid configuration is summed up with its files and models", () => {
  using folder = new TemporaryFolder();
  const environment = serving(folder, JSON.stringify(manifest));
  const summary = checkConfig({ ...environment, PORT: "9999" });
  expect(summary).toContain("The configuration is valid.");
  expect(summary).toContain("127.0.0.1:9999");
  expect(summary).toContain(join(folder.path, "models.yaml"));
  expect(summary).toContain("small 1.2.3 (text-classification, int8)");
});

test("the models of the repository pass", () => {
  expect(checkConfig({})).toContain("camembert-toxicity-fr");
});

test("a problem of the settings is told before any model folder is opened", () => {
  expect(
    problemsOf({ LOG_LEVEL: "loud", MODELS_FILE: "/nowhere/models.yaml" }).map((problem) => problem.source),
  ).toEqual(["/nowhere/models.yaml", "LOG_LEVEL"]);
});

test.each([
  ["that is missing", null, "cannot be read"],
  ["that is not JSON", "{", "is not valid JSON"],
  ["that lacks a key", JSON.stringify({ ...manifest, licence: undefined }), "licence"],
])("a manifest %s is a problem of the model's folder", (_, content, message) => {
  using folder = new TemporaryFolder();
  expect(problemsOf(serving(folder, content))).toEqual([
    {
      key: "models[0].folder",
      source: join(folder.path, "small/manifest.json"),
      message: expect.stringContaining(message),
    },
  ]);
});

test("the model that classifies must be among those that are served", () => {
  using folder = new TemporaryFolder();
  const environment = serving(folder, JSON.stringify(manifest));
  const message = "no served text-classification model has this name; served are: small";
  expect(problemsOf({ ...environment, SERVICE__CLASSIFY__MODEL: "large" })).toEqual([
    { key: "classify.model", source: null, message },
  ]);
});

test("a speech model cannot be the one that classifies", () => {
  using folder = new TemporaryFolder();
  const environment = serving(folder, JSON.stringify({ ...manifest, task: "automatic-speech-recognition" }));
  expect(problemsOf(environment)).toMatchObject([{ key: "classify.model" }]);
});

/** An environment in which one model is served, from a folder whose manifest has this content. */
function serving(folder: TemporaryFolder, manifestContent: string | null): Environment {
  mkdirSync(join(folder.path, "small"));
  if (manifestContent !== null) {
    folder.write("small/manifest.json", manifestContent);
  }
  const models = folder.write("models.yaml", `models: [{ folder: ${join(folder.path, "small")} }]\n`);
  return { MODELS_FILE: models, SERVICE__CLASSIFY__MODEL: "small" };
}

function problemsOf(environment: Environment): ConfigError["problems"] {
  try {
    checkConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}
