import { ConfigError } from "./config/config-error.ts";
import { OperatorError } from "./operator-error.ts";
import { SecretsError } from "./secrets/secrets-error.ts";
import { createService, type Service } from "./service.ts";

/** Entry of the API process. */

/** Null while it is being created. */
let service: Service | null = null;

// From the first moment on: process 1 of a container never hears of a signal without a handler, and any other dies of it.
const leave = createLeave();
process.on("SIGTERM", () => leave("SIGTERM", 0));
process.on("SIGINT", () => leave("SIGINT", 0));
process.on("SIGHUP", () => service?.reload());
try {
  service = await createService();
  leaveOnUncaughtException(service);
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
function createLeave(): (reason: string, exitCode: number) => void {
  let isLeaving = false;
  return (reason, exitCode) => {
    if (service === null) {
      process.exit(exitCode);
    }
    if (isLeaving) {
      service.kill();
      process.exit(1);
    }
    isLeaving = true;
    void service.close(reason).then((isClean) => process.exit(isClean ? exitCode : 1));
  };
}

/** The state of the process is unknown from there on: finish what was accepted and let the supervisor start afresh. */
function leaveOnUncaughtException({ events }: Service): void {
  process.on("uncaughtException", (error) => {
    events.emit("error_occurred", { where: "uncaught_exception", error });
    leave("uncaught exception", 1);
  });
}
