import type { ConfigProblem } from "../config/config-error.ts";
import { OperatorError } from "../operator-error.ts";

/**
 * Secrets cannot be used as they are. The message says no more than which bundles, so that it may be told to anyone;
 * the problems name variables and files, never values, and are for an operator at their own terminal.
 */
export class SecretsError extends OperatorError {
  // Private: whatever prints an error with its properties does not print them.
  readonly #problems: readonly ConfigProblem[];

  constructor(message: string, problems: readonly ConfigProblem[]) {
    super(message);
    this.#problems = problems;
  }

  get problems(): readonly ConfigProblem[] {
    return this.#problems;
  }
}
