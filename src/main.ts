import { ConfigError } from "./config/config-error.ts";
import { OperatorError } from "./operator-error.ts";
import { SecretsError } from "./secrets/secrets-error.ts";
import { createService, type Service } from "./service.ts";

/** Entry of the API process. */

try {
  const service = await createService();
  leaveOnSignals(service);
  process.on("SIGHUP", () => service.reload());
  await service.start();
} catch (error) {
  // Before the logger is known to work, and for an operator who reads a terminal.
  console.error(error instanceof ConfigError || error instanceof OperatorError ? messageFor(error) : error);
  process.exit(1);
}

/** What is wrong with secrets is told to whoever asks for it at a terminal only: this may end up in a log. */
function messageFor(error: Error): string {
  return error instanceof SecretsError ? `${error.message}; npm run check-config tells more.` : error.message;
}

/** The first signal finishes accepted work; a second one does not wait. */
function leaveOnSignals(service: Service): void {
  let isLeaving = false;
  const leave = (reason: string, exitCode: number): void => {
    if (isLeaving) {
      service.kill();
      process.exit(1);
    }
    isLeaving = true;
    void service.close(reason).then((isClean) => process.exit(isClean ? exitCode : 1));
  };
  process.on("SIGTERM", () => leave("SIGTERM", 0));
  process.on("SIGINT", () => leave("SIGINT", 0));
  process.on("uncaughtException", (error) => {
    // The state of the process is unknown from here on: finish what was accepted and let the supervisor start afresh.
    service.events.emit("error_occurred", { where: "uncaught_exception", error });
    leave("uncaught exception", 1);
  });
}
