import { execFile } from "node:child_process";
import { z } from "zod";

/** What is known against the production dependencies of a lock file. */
export type Audit =
  | { readonly outcome: "answered"; readonly advisories: readonly Advisory[] }
  /** The registry cannot be reached, or knows no advisories. */
  | { readonly outcome: "unanswered"; readonly reason: string };

export interface Advisory {
  readonly packageName: string;
  readonly severity: Severity;
  /** Titles with their addresses, or the names of the dependencies that are at fault. */
  readonly because: readonly string[];
}

export type Severity = z.infer<typeof severitySchema>;

const severitySchema = z.enum(["info", "low", "moderate", "high", "critical"]);

const reportSchema = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({
      severity: severitySchema,
      via: z.array(z.union([z.string(), z.object({ title: z.string(), url: z.string() })])),
    }),
  ),
});

const failureSchema = z.object({ message: z.string() });

/** How long the registry may take for one answer, in milliseconds. */
const answerTimeoutMs = 20_000;

/**
 * Asks the registry that npm is set to for advisories, by `npm audit`.
 * @param environment of npm: `npm_config_registry` names another registry.
 * @throws Error when npm cannot be started or says what it never says.
 */
export async function auditDependencies(projectFolder: string, environment: NodeJS.ProcessEnv): Promise<Audit> {
  const output = await runAudit(projectFolder, environment);
  const report = reportSchema.safeParse(output);
  if (!report.success) {
    return { outcome: "unanswered", reason: failureSchema.parse(output).message };
  }
  const advisories = Object.entries(report.data.vulnerabilities).map(([packageName, { severity, via }]) => ({
    packageName,
    severity,
    because: via.map((each) => (typeof each === "string" ? each : `${each.title} ${each.url}`)),
  }));
  return { outcome: "answered", advisories };
}

/** npm exits with 1 both when something is found and when nobody answers: only its output tells which. */
function runAudit(cwd: string, env: NodeJS.ProcessEnv): Promise<unknown> {
  const options = ["--json", "--package-lock-only", "--omit=dev", "--fetch-retries=0"];
  const args = ["audit", ...options, `--fetch-timeout=${answerTimeoutMs}`];
  return new Promise((resolve, reject) => {
    execFile("npm", args, { cwd, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout));
      } catch (cause) {
        reject(error ?? new Error(`npm audit wrote no JSON: ${stderr}`, { cause }));
      }
    });
  });
}
