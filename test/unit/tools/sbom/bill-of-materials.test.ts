import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { projectRoot } from "../../../../src/config/load-config.ts";
import { productionPackages } from "../../../../tools/licences/production-packages.ts";
import { billOfMaterials } from "../../../../tools/sbom/bill-of-materials.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";

const billSchema = z.object({
  bomFormat: z.literal("CycloneDX"),
  specVersion: z.literal("1.5"),
  metadata: z.object({ component: z.object({ name: z.string(), type: z.literal("application"), purl: z.string() }) }),
  components: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      purl: z.string().startsWith("pkg:npm/"),
      hashes: z.array(z.object({ alg: z.literal("SHA-512"), content: z.string().length(128) })).min(1),
      licenses: z.array(z.unknown()).min(1),
    }),
  ),
});

test("the bill of the image names every package that is installed for it with version, hash and licence, and no other", () => {
  const bill = billSchema.parse(JSON.parse(billOfMaterials(projectRoot, { withOptional: false })));
  const installed = productionPackages(projectRoot).filter(({ isOptional }) => !isOptional);
  expect(bill.metadata.component.name).toBe("guardrail-api");
  expect(namesAndVersions(bill.components)).toEqual(namesAndVersions(installed));
});

test("the bill of a checkout holds the optional decoder too", () => {
  const bill = JSON.parse(billOfMaterials(projectRoot, { withOptional: true })) as { components: { name: string }[] };
  const names = bill.components.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["node-av", "@seydx/node-av-linux-x64", "fastify"]));
  expect(names).not.toContain("vitest");
});

test("the image for GPUs has the other ONNX Runtime in its bill, under the name that advisories have", () => {
  using folder = new TemporaryFolder();
  copyFileSync(join(projectRoot, "package-lock.json"), join(folder.path, "package-lock.json"));
  const manifest = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as Record<string, object>;
  const { "onnxruntime-node-cuda": kept } = manifest["optionalDependencies"] as Record<string, string>;
  const optionalDependencies = { "onnxruntime-node-cuda": kept };
  folder.write("package.json", JSON.stringify({ ...manifest, optionalDependencies }));
  const bill = billSchema.parse(JSON.parse(billOfMaterials(folder.path, { withOptional: true })));
  const purls = bill.components.map(({ purl }) => purl);
  expect(purls).toEqual(expect.arrayContaining(["pkg:npm/onnxruntime-node@1.27.0", "pkg:npm/onnxruntime-node@1.30.0"]));
  expect(purls.join()).not.toContain("node-av");
});

test.each([
  ["Dockerfile", "npm ci --omit=dev --omit=optional", "npm run --silent sbom -- --omit=optional > sbom.cdx.json"],
  ["Dockerfile.cuda", "npm install --omit=dev", "npm run --silent sbom > sbom.cdx.json"],
])("%s writes the bill of what it installs", (file, installs, writes) => {
  const dockerfile = readFileSync(join(projectRoot, file), "utf8");
  expect(dockerfile).toContain(installs);
  expect(dockerfile).toContain(writes);
});

function namesAndVersions(packages: readonly { readonly name: string; readonly version: string }[]): string[] {
  return [...new Set(packages.map(({ name, version }) => `${name}@${version}`))].toSorted();
}
