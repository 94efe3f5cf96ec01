import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";

/** The folder of everything that operators take over. */
export const deployFolder = fileURLToPath(new URL("../../deploy/", import.meta.url));

const ruleSchema = z.strictObject({
  record: z.string().optional(),
  alert: z.string().optional(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const fileSchema = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), interval: z.string().optional(), rules: z.array(ruleSchema) })),
});

/** One rule: `record` names a series that it makes, `alert` an alert. */
export type Rule = z.infer<typeof ruleSchema>;
/** A file of rules, as Prometheus reads it. */
export type RuleFile = z.infer<typeof fileSchema>;

/** Every file of rules in `deploy/prometheus/rules`, by its name. @throws ZodError for one that has another shape. */
export function readRuleFiles(): ReadonlyMap<string, RuleFile> {
  const folder = join(deployFolder, "prometheus/rules");
  return new Map(
    readdirSync(folder).map((name) => [name, fileSchema.parse(parse(readFileSync(join(folder, name), "utf8")))]),
  );
}

/** The rules of all files. */
export function allRules(files: ReadonlyMap<string, RuleFile>): Rule[] {
  return [...files.values()].flatMap(({ groups }) => groups.flatMap(({ rules }) => rules));
}
