/**
 * Writes the software bill of materials of what is installed for production to standard output: CycloneDX 1.5, from the
 * lock file.
 *
 *     npm run --silent sbom -- [--omit=optional] > sbom.cdx.json
 *
 * `--omit=optional` describes the image, which leaves node-av out. It runs while the image is built, so it needs Node and
 * npm only.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { billOfMaterials } from "./bill-of-materials.ts";

const { values } = parseArgs({ options: { omit: { type: "string" } } });
if (values.omit !== undefined && values.omit !== "optional") {
  throw new Error(`--omit takes "optional", not "${values.omit}"`);
}
process.stdout.write(billOfMaterials(process.cwd(), { withOptional: values.omit === undefined }));
