import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { ConcurrencyLimit } from "./admission/concurrency-limit.ts";
import type { Environment } from "./config/environment-layer.ts";
import { loadConfig } from "./config/load-config.ts";
import { ConfigStore } from "./config-store.ts";
import { EventBus } from "./events.ts";
import { Health } from "./health.ts";
import { createApp } from "./http/app.ts";
import { LocalModels } from "./local-models.ts";
import { OperatorError } from "./operator-error.ts";
import { hasParentDeathSignal } from "./processes/parent-death-signal.ts";
import { logEvents } from "./telemetry/event-log.ts";
import { createLogger } from "./telemetry/logger.ts";
import { Metrics } from "./telemetry/metrics.ts";

/** A running service, as `main.ts` and the tests hold it. */
export interface Service {
  readonly app: FastifyInstance;
  readonly events: EventBus;
  /** Starts to listen, then opens the models; resolves with the address when it listens. */
  start(): Promise<string>;
  /** Reads the configuration again and takes over what changed. */
  reload(): void;
  /**
   * Readiness falls, accepted work is finished, everything is stopped. Resolves with whether all of it was done within
   * `shutdown.timeoutMs`; what was not is cut off.
   */
  close(reason: string): Promise<boolean>;
  /** Ends every child and connection now. */
  kill(): void;
}

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/**
 * Builds every object once, in dependency order.
 * @throws ConfigError with every problem of the configuration.
 */
export async function createService(environment?: Environment): Promise<Service> {
  const startedAt = performance.now();
  const events = new EventBus((event, error) => logger.subscriberFailed(event, error));
  const models = new LocalModels(() => config.current(), events);
  const config = new ConfigStore(
    () => loadConfig(environment),
    events,
    (next) => models.apply(next),
  );
  const logger = createLogger({ level: () => config.current().log.level, version });
  logEvents(events, logger);

  let isUnready = false;
  let isDraining = false;
  const health = new Health({
    models: () => models.list(),
    isDraining: () => isUnready,
    isInMaintenance: () => config.current().service.maintenance,
  });
  const permits = new ConcurrencyLimit(config.current().server.maxConcurrentRequests);
  const metrics = new Metrics({
    config: () => config.current(),
    models: () => models.list(),
    activeRequests: () => permits.inUse,
    events,
    version,
  });
  const app = await createApp({
    config: () => config.current(),
    events,
    models,
    health,
    metricsText: async () => ({ contentType: "text/plain; version=0.0.4; charset=utf-8", body: await metrics.text() }),
    state: () => (isDraining ? "draining" : "serving"),
    permits,
    version,
  });

  let wasReady = false;
  const announceReady = (): void => {
    if (!wasReady && health.ready().status === "ok") {
      wasReady = true;
      events.emit("service_ready", { startMs: performance.now() - startedAt });
    }
  };
  events.on("model_state_changed", announceReady);

  const kill = (): void => {
    models.kill();
    app.server.closeAllConnections();
  };

  const finish = async (): Promise<true> => {
    await app.close();
    await models.close();
    return true;
  };

  return {
    app,
    events,
    async start() {
      const { host, port } = config.current().server;
      const address = await app.listen({ host, port });
      events.emit("service_started", { address });
      config.watch();
      if (!hasParentDeathSignal()) {
        const error = new OperatorError("setpriv is not installed: a stuck inference process may outlive the service");
        events.emit("error_occurred", { where: "start", error });
      }
      await models.apply(config.current());
      announceReady();
      return address;
    },
    reload: () => void config.reload(),
    async close(reason) {
      isUnready = true;
      events.emit("service_draining", { reason });
      config.close();
      const { readinessDelayMs, timeoutMs } = config.current().shutdown;
      await sleep(readinessDelayMs);
      isDraining = true;
      const isClean = await Promise.race([finish(), sleep(timeoutMs - readinessDelayMs, false, { ref: false })]);
      if (!isClean) {
        kill();
      }
      events.emit("service_stopped", { reason });
      await logger.flush();
      return isClean;
    },
    kill,
  };
}
