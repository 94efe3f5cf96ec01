/**
 * Something that an operator must put right, such as a model folder that lacks a file. The message names files and
 * settings and never holds what clients sent, so that it may be logged and printed. What else is known, such as the
 * system's own error, goes into `cause`.
 */
export class OperatorError extends Error {
  override readonly name = "OperatorError";
}
