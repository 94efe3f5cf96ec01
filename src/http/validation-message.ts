import type { z } from "zod";
import { ServiceError } from "../errors.ts";

type Issue = z.core.$ZodIssue;

/**
 * The first problem of a request as one sentence that names its field as the client knows it, the limit and the size
 * or type received, and nothing that the client sent. `whole` names the part of the request, such as "The body".
 */
export function validationError(error: z.core.$ZodError, input: unknown, whole: string): ServiceError {
  const [first] = error.issues;
  if (first === undefined) {
    return new ServiceError("invalid_request", `${whole} is not valid.`);
  }
  const issue = mostSpecific(first);
  const param = fieldPath(issue.path);
  const message = `${param === "" ? whole : param} ${problem(issue, valueAt(input, issue.path))}.`;
  return new ServiceError("invalid_request", message, param === "" ? {} : { param });
}

/** `inputs.classificationInputs[3]` for the path `inputs`, `classificationInputs`, 3. */
function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((field, key) => {
    if (typeof key === "number") {
      return `${field}[${key}]`;
    }
    return field === "" ? String(key) : `${field}.${String(key)}`;
  }, "");
}

/** Of a union, the alternative that the input came closest to: its problem lies deepest, or is none of type. */
function mostSpecific(issue: Issue): Issue {
  if (issue.code !== "invalid_union") {
    return issue;
  }
  const closest = alternatives(issue)
    .filter(({ path, code }) => path.length > 0 || code !== "invalid_type")
    .reduce<Issue | null>((best, each) => (best === null || each.path.length > best.path.length ? each : best), null);
  return closest === null ? issue : { ...closest, path: [...issue.path, ...closest.path] };
}

/** The first problem of each alternative of a union, with paths that start at the union. */
function alternatives(issue: Extract<Issue, { code: "invalid_union" }>): Issue[] {
  return issue.errors.flatMap(([first]) => (first === undefined ? [] : [mostSpecific(first)]));
}

function problem(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case "custom":
    case "unrecognized_keys":
      return issue.message;
    case "invalid_type":
      return wrongType([issue.expected], value);
    case "invalid_union":
      return wrongType(
        alternatives(issue).flatMap((each) => (each.code === "invalid_type" ? [each.expected] : [])),
        value,
      );
    case "too_big":
      return `must ${limit(issue.origin, "at most", issue.maximum)}${receivedSize(value)}`;
    case "too_small":
      return `must ${limit(issue.origin, "at least", issue.minimum)}${receivedSize(value)}`;
    case "invalid_value":
      return value === undefined ? "is required" : `must be ${issue.values.map(String).join(" or ")}`;
    case "invalid_format":
      return issue.message;
    default:
      return "is not valid";
  }
}

function wrongType(expected: readonly string[], value: unknown): string {
  if (value === undefined) {
    return "is required";
  }
  if (typeof value === "number" && expected.includes("number")) {
    return "must be a finite number";
  }
  return `must be ${[...new Set(expected.map(withArticle))].join(" or ")}, received ${typeName(value)}`;
}

function limit(origin: string, bound: string, size: number | bigint): string {
  const plural = size === 1 ? "" : "s";
  switch (origin) {
    case "array":
      return `have ${bound} ${size} item${plural}`;
    case "string":
      return `have ${bound} ${size} character${plural}`;
    default:
      return `be ${bound} ${size}`;
  }
}

function receivedSize(value: unknown): string {
  return typeof value === "string" || Array.isArray(value) ? `, received ${value.length}` : "";
}

function withArticle(type: string): string {
  const name = type === "int" ? "integer" : type;
  return /^[aeiou]/.test(name) ? `an ${name}` : `a ${name}`;
}

function typeName(value: unknown): string {
  if (value === null) {
    return "null";
  }
  return Array.isArray(value) ? "array" : typeof value;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}
