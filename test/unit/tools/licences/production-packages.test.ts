import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { productionPackages } from "../../../../tools/licences/production-packages.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";

test("a nested version is found before the one above it, and what only development needs is left out", () => {
  using folder = new TemporaryFolder();
  const project = folder.path;
  writeManifest(project, { name: "service", dependencies: { a: "1", b: "1" }, devDependencies: { test: "1" } });
  writeManifest(join(project, "node_modules/a"), {
    name: "a",
    version: "1.0.0",
    license: "MIT",
    dependencies: { b: "2" },
  });
  writeManifest(join(project, "node_modules/a/node_modules/b"), { name: "b", version: "2.0.0", license: "ISC" });
  writeManifest(join(project, "node_modules/b"), { name: "b", version: "1.0.0", licenses: [{ type: "MIT" }] });
  writeManifest(join(project, "node_modules/test"), { name: "test", version: "1.0.0", license: "MIT" });
  expect(productionPackages(project)).toEqual([
    { name: "a", version: "1.0.0", declaredLicence: "MIT", folder: "node_modules/a", isOptional: false },
    { name: "b", version: "2.0.0", declaredLicence: "ISC", folder: "node_modules/a/node_modules/b", isOptional: false },
    { name: "b", version: "1.0.0", declaredLicence: null, folder: "node_modules/b", isOptional: false },
  ]);
});

test("a package counts as optional when every way to it leads through an optional one", () => {
  using folder = new TemporaryFolder();
  const project = folder.path;
  writeManifest(project, { name: "service", dependencies: { needed: "1" }, optionalDependencies: { codec: "1" } });
  writeManifest(join(project, "node_modules/needed"), { name: "needed", dependencies: { shared: "1" } });
  writeManifest(join(project, "node_modules/codec"), { name: "codec", dependencies: { shared: "1", own: "1" } });
  writeManifest(join(project, "node_modules/shared"), { name: "shared" });
  writeManifest(join(project, "node_modules/own"), { name: "own" });
  const optional = productionPackages(project).map(({ name, isOptional }) => [name, isOptional]);
  expect(Object.fromEntries(optional)).toEqual({ codec: true, needed: false, own: true, shared: false });
});

test("a missing package is an error unless it is optional", () => {
  using folder = new TemporaryFolder();
  const project = folder.path;
  writeManifest(project, { name: "service", optionalDependencies: { "codec-for-another-system": "1" } });
  expect(productionPackages(project)).toEqual([]);
  writeManifest(project, { name: "service", dependencies: { gone: "1" } });
  expect(() => productionPackages(project)).toThrow("gone, which service needs, is not installed");
});

test("packages that need each other end the search", () => {
  using folder = new TemporaryFolder();
  const project = folder.path;
  writeManifest(project, { name: "service", dependencies: { a: "1" } });
  writeManifest(join(project, "node_modules/a"), { name: "a", dependencies: { b: "1" } });
  writeManifest(join(project, "node_modules/b"), { name: "b", peerDependencies: { a: "1" } });
  expect(productionPackages(project).map(({ name }) => name)).toEqual(["a", "b"]);
});

function writeManifest(folder: string, manifest: Record<string, unknown>): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
}
