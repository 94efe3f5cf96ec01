import { readFileSync } from "node:fs";
import { z } from "zod";
import { OperatorError } from "../../src/operator-error.ts";
import { replaceFile } from "../../src/replace-file.ts";
import { systemErrorCode } from "../../src/system-error-code.ts";
import type { ProviderWheel } from "./provider-wheel.ts";

/** What of CycloneDX is touched here; the rest stays as it is. */
const billSchema = z.looseObject({
  bomFormat: z.literal("CycloneDX"),
  metadata: z.looseObject({ component: z.looseObject({ "bom-ref": z.string() }) }),
  components: z.array(z.looseObject({ "bom-ref": z.string() })),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).optional() })),
});

/**
 * Adds the wheel of a provider to a bill of materials (CycloneDX), under the name that advisories have. A bill that has it
 * already stays as it is.
 * @throws {OperatorError} when the file is no such bill, or cannot be read or written.
 */
export function billProvider(path: string, { version, sha256 }: Pick<ProviderWheel, "version" | "sha256">): void {
  const bill = readBill(path);
  const purl = `pkg:pypi/onnxruntime-gpu@${version}`;
  if (bill.components.some((component) => component["bom-ref"] === purl)) {
    return;
  }
  const component = {
    "bom-ref": purl,
    type: "library",
    name: "onnxruntime-gpu",
    version,
    scope: "required",
    purl,
    hashes: [{ alg: "SHA-256", content: sha256 }],
    licenses: [{ license: { id: "MIT" } }],
  };
  const application = bill.metadata.component["bom-ref"];
  const dependencies = bill.dependencies.map((each) =>
    each.ref === application ? { ...each, dependsOn: [...(each.dependsOn ?? []), purl] } : each,
  );
  const billed = {
    ...bill,
    components: [...bill.components, component],
    dependencies: [...dependencies, { ref: purl, dependsOn: [] }],
  };
  replaceFile(path, `${JSON.stringify(billed, null, 2)}\n`);
}

function readBill(path: string): z.infer<typeof billSchema> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new OperatorError(`${path} cannot be read (${systemErrorCode(cause)})`, { cause });
  }
  try {
    return billSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new OperatorError(`${path} is no bill of materials as npm run sbom writes it`, { cause });
  }
}
