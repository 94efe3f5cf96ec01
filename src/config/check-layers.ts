import { z } from "zod";
import type { ConfigProblem } from "./config-error.ts";
import { type Layer, mergeLayers, type SettingPath, sourceOfPath } from "./layer.ts";
import { nearestName } from "./nearest-name.ts";

/** The merged layers as the schema's output (null when they break it), and one problem for each breach. */
export function checkLayers<Schema extends z.ZodObject>(
  schema: Schema,
  layers: readonly Layer[],
): { value: z.infer<Schema> | null; problems: ConfigProblem[] } {
  const result = schema.safeParse(mergeLayers(layers));
  if (result.success) {
    return { value: result.data, problems: [] };
  }
  return { value: null, problems: result.error.issues.flatMap((issue) => explain(schema, issue, layers)) };
}

function explain(schema: z.ZodObject, issue: z.core.$ZodIssue, layers: readonly Layer[]): ConfigProblem[] {
  if (issue.code !== "unrecognized_keys") {
    return [problemAt(issue.path, issue.message, layers)];
  }
  const known = knownKeys(schema, issue.path);
  return issue.keys.map((key) => problemAt([...issue.path, key], unknownKey(key, known), layers));
}

function knownKeys(schema: z.ZodObject, path: SettingPath): string[] {
  let inner: unknown = schema;
  for (const key of path) {
    inner =
      inner instanceof z.ZodObject ? inner.shape[String(key)] : inner instanceof z.ZodArray ? inner.element : null;
  }
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

function problemAt(path: SettingPath, message: string, layers: readonly Layer[]): ConfigProblem {
  return { key: dotted(path), source: sourceOfPath(layers, path), message };
}

function dotted(path: SettingPath): string {
  return path
    .map(String)
    .join(".")
    .replaceAll(/\.(\d+)(?=\.|$)/g, "[$1]");
}

function unknownKey(key: string, known: readonly string[]): string {
  const likely = nearestName(key, known);
  return likely === null ? "there is no such setting" : `there is no such setting; did you mean ${likely}?`;
}
