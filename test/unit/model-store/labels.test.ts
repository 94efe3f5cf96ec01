import { expect, test } from "vitest";
import { readLabels } from "../../../src/model-store/labels.ts";
import { OperatorError } from "../../../src/operator-error.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

test("labels come in the order of their ids, not of the file", async () => {
  expect(await labelsOf({ 2: "c", 0: "a", 1: "b" })).toEqual(["a", "b", "c"]);
});

test("more than ten labels are ordered by number", async () => {
  const names = Array.from({ length: 12 }, (_, id) => `label ${id}`);
  expect(await labelsOf(Object.fromEntries(names.entries()))).toEqual(names);
});

test("an id that is left out is named", async () => {
  await expect(labelsOf({ 0: "a", 2: "c" })).rejects.toThrow("has 2 labels but none for id 1");
});

test.each([{ zero: "a" }, { 0: "" }, { 0: 7 }, "a, b", undefined])("%j is no table of labels", async (id2label) => {
  await expect(labelsOf(id2label)).rejects.toThrow(/config\.json has no valid id2label/);
});

test("a config.json that is missing or no JSON is named, as an error for operators", async () => {
  using folder = new TemporaryFolder();
  const missing = await readLabels(folder.path).catch((error: unknown) => error);
  expect(missing).toBeInstanceOf(OperatorError);
  expect(missing).toMatchObject({ message: `${folder.path}/config.json cannot be read (ENOENT)` });
  folder.write("config.json", "{");
  await expect(readLabels(folder.path)).rejects.toThrow(`${folder.path}/config.json is no JSON`);
});

async function labelsOf(id2label: unknown): Promise<string[]> {
  using folder = new TemporaryFolder();
  folder.write("config.json", JSON.stringify({ id2label }));
  return await readLabels(folder.path);
}
