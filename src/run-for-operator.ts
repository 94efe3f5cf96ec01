import { OperatorError } from "./operator-error.ts";

/**
 * Runs what a program of the command line does. What the operator has to mend is told on standard error, with status 1; a
 * fault of our own is thrown.
 */
export async function runForOperator(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    if (!(error instanceof OperatorError)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
