import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { plugin as camembert } from "../../../../src/inference/plugins/camembert.ts";
import { findPlugin } from "../../../../src/inference/plugins/registry.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";

test("a built-in plugin is found by its name", async () => {
  expect(await findPlugin("camembert", [])).toBe(camembert);
});

test("a plugin of a configured module takes the place of the built-in one of its name", async () => {
  const module = fileURLToPath(new URL("../../../fixtures/plugins/fails-to-load.ts", import.meta.url));
  const plugin = await findPlugin("camembert", [module]);
  expect(plugin).not.toBe(camembert);
  expect(plugin.name).toBe("camembert");
});

test("a plugin that nobody has is refused with the names that are known", async () => {
  using folder = new TemporaryFolder();
  const module = folder.write("other.mjs", 'export const plugin = { name: "other" };');
  await expect(findPlugin("unheard-of", [module])).rejects.toThrow(
    'no plugin is named "unheard-of"; known: other, camembert, voxtral, whisper',
  );
});

test("a module without a plugin is named, whichever plugin was asked for", async () => {
  using folder = new TemporaryFolder();
  const module = folder.write("empty.mjs", "export const something = 1;");
  await expect(findPlugin("camembert", [module])).rejects.toThrow(`${module} exports no "plugin"`);
});

test("a module that is not there fails with its path", async () => {
  await expect(findPlugin("camembert", ["/nowhere/plugin.ts"])).rejects.toThrow("/nowhere/plugin.ts");
});
