import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../../../src/config/load-config.ts";
import { OperatorError } from "../../../../src/operator-error.ts";
import { billOfMaterials } from "../../../../tools/sbom/bill-of-materials.ts";
import { billProvider } from "../../../../tools/setup-gpu/bill-provider.ts";
import { providerWheels } from "../../../../tools/setup-gpu/provider-wheel.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";

interface Bill {
  readonly components: readonly { readonly "bom-ref": string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

test("the provider is a component on which the service depends, once, and all else stays", () => {
  using folder = new TemporaryFolder();
  const path = folder.write("sbom.cdx.json", billOfMaterials(projectRoot, { withOptional: false }));
  const before = JSON.parse(readFileSync(path, "utf8")) as Bill;
  for (const wheel of [...providerWheels, ...providerWheels]) {
    billProvider(path, wheel);
  }
  const refs = providerWheels.map(({ version }) => `pkg:pypi/onnxruntime-gpu@${version}`);
  const after = JSON.parse(readFileSync(path, "utf8")) as Bill;
  expect(after.components.slice(0, before.components.length)).toEqual(before.components);
  expect(after.components.slice(before.components.length)).toMatchObject(
    providerWheels.map(({ version, sha256 }, index) => ({
      "bom-ref": refs[index],
      purl: refs[index],
      version,
      hashes: [{ alg: "SHA-256", content: sha256 }],
      licenses: [{ license: { id: "MIT" } }],
    })),
  );
  const needsOf = ({ dependencies }: Bill) =>
    dependencies.find(({ ref }) => ref.startsWith("guardrail-api@"))?.dependsOn;
  expect(needsOf(after)).toEqual([...(needsOf(before) ?? []), ...refs]);
});

test.each([
  ["is not there", null, /sbom\.cdx\.json cannot be read \(ENOENT\)$/],
  ["is no JSON", "bill", /is no bill of materials/],
  ["is another document", '{"bomFormat":"SPDX"}', /is no bill of materials/],
])("a bill that %s is refused, and stays as it is", (_, text, message) => {
  using folder = new TemporaryFolder();
  const path = text === null ? join(folder.path, "sbom.cdx.json") : folder.write("sbom.cdx.json", text);
  const [wheel] = providerWheels;
  const bill = (): void => billProvider(path, wheel!);
  expect(bill).toThrow(OperatorError);
  expect(bill).toThrow(message);
  if (text !== null) {
    expect(readFileSync(path, "utf8")).toBe(text);
  }
});
