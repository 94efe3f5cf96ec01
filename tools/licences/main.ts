/**
 * Checks that every package that is installed for production comes under a licence of `licence-policy.ts`.
 *
 *     npm run licences
 *
 * Reads `node_modules` only. Prints the licences, the exceptions with their reasons and every problem; exits with 1 when
 * there is one.
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { formatTable } from "../../bench/table.ts";
import { checkLicences } from "./licence-check.ts";
import { allowedLicences, licenceExceptions } from "./licence-policy.ts";
import { productionPackages } from "./production-packages.ts";

const packages = productionPackages(fileURLToPath(new URL("../..", import.meta.url)));
const { problems, counts, excepted } = checkLicences(packages, allowedLicences, licenceExceptions);
const rows = [...counts].map(([licence, count]) => [licence, String(count)]);
console.log(formatTable({ title: `${packages.length} packages`, columns: ["licence", "packages"], rows }));
for (const [name, { actual, reason }] of excepted) {
  console.log(`\nException: ${name}, ${actual}. ${reason}`);
}
for (const problem of problems) {
  console.log(`\nPROBLEM: ${problem}`);
}
process.exitCode = problems.length === 0 ? 0 : 1;
