/**
 * Fails when a production dependency has an advisory of severity high or critical.
 *
 *     npx node tools/audit/main.ts
 *
 * Where the registry does not answer, that is printed and nothing fails: a change must not wait for the internet.
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Advisory, auditDependencies, type Severity } from "./audit-dependencies.ts";

const failing: ReadonlySet<Severity> = new Set(["high", "critical"]);

const audit = await auditDependencies(fileURLToPath(new URL("../..", import.meta.url)), process.env);
if (audit.outcome === "unanswered") {
  console.log(`dependency audit skipped: ${audit.reason}`);
} else {
  console.log(`dependency audit: ${audit.advisories.length} packages with advisories`);
  audit.advisories.forEach(print);
  process.exitCode = audit.advisories.some(({ severity }) => failing.has(severity)) ? 1 : 0;
}

function print({ packageName, severity, because }: Advisory): void {
  console.log(`  ${severity}: ${packageName}: ${because.join("; ")}`);
}
