import { expect, test } from "vitest";
import { manifestSchema } from "../../../src/model-store/manifest.ts";
import { validManifest } from "../../helpers/model-folder.ts";

test("a complete manifest is accepted as it is", () => {
  expect(manifestSchema.parse(validManifest())).toEqual(validManifest());
});

test.each([
  "/etc/passwd",
  "../model.onnx",
  "onnx/../../model.onnx",
  "onnx/..",
  "..",
  "onnx\\model.onnx",
  "C:\\model.onnx",
  "model.onnx\0",
  "model\n.onnx",
  "",
])("a file path that could leave the folder is refused: %j", (path) => {
  expect(refuses({ files: [{ ...validManifest().files[0], path }] })).toEqual(["files.0.path"]);
});

test.each(["config.json", "onnx/model_quantized.onnx", "onnx/model..v2.onnx", "a/b/c-d_e.txt"])(
  "an ordinary file path is accepted: %s",
  (path) => {
    expect(refuses({ files: [{ ...validManifest().files[0], path }] })).toEqual([]);
  },
);

test.each([
  ["name", "Camembert"],
  ["name", ""],
  ["name", "../other"],
  ["version", "1.0"],
  ["version", "v1.0.0"],
  ["task", "translation"],
  ["plugin", ""],
  ["precision", "int3"],
  ["files", []],
  ["licence", ""],
  ["extra", "unknown"],
])("%s may not be %j", (key, value) => {
  expect(refuses({ [key]: value })[0]).toMatch(key === "extra" ? /^$/ : key);
});

test.each([
  ["bytes", -1],
  ["bytes", 1.5],
  ["sha256", "abc"],
  ["sha256", "A".repeat(64)],
])("%s of a file may not be %j", (key, value) => {
  expect(refuses({ files: [{ ...validManifest().files[0], [key]: value }] })).toEqual([`files.0.${key}`]);
});

test("a canary is of the model's task, and one of speech says enough to be told from a wrong answer", () => {
  const spoken = { clip: "0".repeat(64), tokenIds: [1, 2, 3, 4, 5], tolerance: 0.4 };
  const texts = { texts: [{ text: "Bonjour", scores: { toxic: 0.1 } }], tolerance: 0.05 };
  const speech = { task: "automatic-speech-recognition" };
  expect(refuses({ canary: texts })).toEqual([]);
  expect(refuses({ ...speech, canary: spoken })).toEqual([]);
  expect(refuses({ canary: spoken })).toEqual(["canary"]);
  expect(refuses({ ...speech, canary: texts })).toEqual(["canary"]);
  expect(refuses({ ...speech, canary: { ...spoken, tokenIds: [1, 2, 3, 4] } })[0]).toMatch(/^canary/);
  expect(refuses({ ...speech, canary: { ...spoken, tolerance: 1 } })[0]).toMatch(/^canary/);
});

test("further graphs are listed by precision, all of them in onnx/", () => {
  const graph = { path: "onnx/model_fp16.onnx", bytes: 1, sha256: "0".repeat(64) };
  expect(refuses({ variants: { fp16: [graph], int4: [graph] } })).toEqual([]);
  expect(refuses({ variants: { fp8: [graph] } })[0]).toMatch(/^variants/);
  expect(refuses({ variants: { fp16: [] } })).toEqual(["variants.fp16"]);
  expect(refuses({ variants: { fp16: [{ ...graph, path: "special.json" }] } })).toEqual(["variants.fp16"]);
});

test("a file that several precisions share is the same in all of them", () => {
  const shared = validManifest().files.find(({ path }) => path.startsWith("onnx/"));
  expect(refuses({ variants: { fp16: [shared] } })).toEqual([]);
  expect(refuses({ variants: { fp16: [{ ...shared, sha256: "0".repeat(64) }] } })).toEqual(["variants"]);
});

/** Paths of the fields that are refused. */
function refuses(changes: Record<string, unknown>): string[] {
  const result = manifestSchema.safeParse({ ...validManifest(), ...changes });
  return result.success ? [] : result.error.issues.map(({ path }) => path.join("."));
}
