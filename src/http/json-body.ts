import { isUtf8 } from "node:buffer";
import { ServiceError } from "../errors.ts";
import { structureProblem } from "./json-structure.ts";

const byteOrderMark = 0xfeff;

/**
 * Parses a JSON body. Of duplicate keys the last counts; a byte order mark is skipped.
 * @throws ServiceError `invalid_request` for what is empty, not UTF-8, not JSON, costs too much to read (see
 * `structureProblem`), and for keys that would reach a prototype.
 */
export function parseJsonBody(body: Buffer): unknown {
  if (body.length === 0) {
    throw new ServiceError("invalid_request", "The body is empty.");
  }
  if (!isUtf8(body)) {
    throw new ServiceError("invalid_request", "The body is not valid UTF-8.");
  }
  const json = body.toString("utf8", startsWithByteOrderMark(body) ? 3 : 0);
  const problem = structureProblem(json);
  if (problem !== null) {
    throw new ServiceError("invalid_request", problem);
  }
  const value = parse(json);
  if (reachesPrototype(value)) {
    throw new ServiceError("invalid_request", "The body has a key that is not allowed.");
  }
  return value;
}

function startsWithByteOrderMark(body: Buffer): boolean {
  return body.length >= 3 && body.toString("utf8", 0, 3).charCodeAt(0) === byteOrderMark;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // The parser's message quotes the text, so it is not passed on.
    throw new ServiceError("invalid_request", "The body is not valid JSON.");
  }
}

/** The rules of secure-json-parse: no own `__proto__`, no `constructor` that holds a `prototype`. */
function reachesPrototype(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  if (Object.hasOwn(value, "__proto__")) {
    return true;
  }
  if (Object.hasOwn(value, "constructor")) {
    const { constructor } = value as { constructor: unknown };
    if (typeof constructor === "object" && constructor !== null && Object.hasOwn(constructor, "prototype")) {
      return true;
    }
  }
  return Object.values(value).some(reachesPrototype);
}
