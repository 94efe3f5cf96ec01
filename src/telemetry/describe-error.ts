import { ServiceError } from "../errors.ts";
import { OperatorError } from "../operator-error.ts";

/** Causes that are followed at most; a longer chain says nothing new. */
const maxDepth = 4;

/** What a log line may hold of an error. */
export interface ErrorDescription {
  readonly name: string;
  readonly code?: string;
  /** Of our own errors only: a foreign message may quote the text that it failed on. */
  readonly message?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Call sites, the innermost first, without the message that V8 puts above them. */
  readonly stack?: readonly string[];
  readonly cause?: ErrorDescription;
}

/** An error, or whatever else was thrown, as fields for a log line that hold no user text. */
export function describeError(error: unknown, depth = 1): ErrorDescription {
  if (!(error instanceof Error)) {
    return { name: `thrown ${error === null ? "null" : typeof error}` };
  }
  const stack = callSites(error);
  return {
    name: error.name,
    ...("code" in error && typeof error.code === "string" && { code: error.code }),
    ...((error instanceof ServiceError || error instanceof OperatorError) && { message: error.message }),
    ...(error instanceof ServiceError && Object.keys(error.facts).length > 0 && { facts: error.facts }),
    ...(stack.length > 0 && { stack }),
    ...(error.cause !== undefined && depth < maxDepth && { cause: describeError(error.cause, depth + 1) }),
  };
}

/** V8 puts the name and the message above the call sites; the message may have lines that look like call sites. */
function callSites(error: Error): string[] {
  const stack = error.stack ?? "";
  const afterName = stack.slice(/^[^:\n]*(: )?/.exec(stack)?.[0].length);
  if (!afterName.startsWith(error.message)) {
    // The message was changed after the stack was taken, so where the old one ends cannot be told.
    return [];
  }
  return afterName
    .slice(error.message.length)
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim().slice("at ".length));
}
