import type { HealthCheck, HealthOverview, HealthReport } from "./http/health-report.ts";
import type { LocalModel } from "./local-model.ts";

/** What readiness is judged by. */
export interface HealthSources {
  readonly models: () => readonly LocalModel[];
  /** What keeps the service from decoding audio for a required model; null when nothing does. */
  readonly audioProblem: () => string | null;
  /** Layers of the sandbox around audio processes. */
  readonly audioSandbox: () => readonly string[];
  readonly isDraining: () => boolean;
  readonly isInMaintenance: () => boolean;
}

type Finding = Pick<HealthCheck, "name" | "detail">;

/** Answers the three probes from what is known already: nothing is waited for on a probe's path. */
export class Health {
  readonly #sources: HealthSources;
  readonly #last = new Map<string, HealthCheck>();
  #hasStarted = false;

  constructor(sources: HealthSources) {
    this.#sources = sources;
  }

  /** The event loop answers; nothing else counts, because a restart would cure nothing else. */
  live(): HealthReport {
    return this.#report("live", [{ name: "event_loop", detail: "" }]);
  }

  /** Every required model can take requests, and the service wants to. */
  ready(): HealthReport {
    return this.#report("ready", [
      { name: "accepting", detail: this.#sources.isDraining() ? "the service is shutting down" : "" },
      { name: "maintenance", detail: this.#sources.isInMaintenance() ? "maintenance mode is on" : "" },
      { name: "audio", detail: this.#sources.audioProblem() ?? "" },
      ...this.#models(),
    ]);
  }

  /** What readiness is judged by, by name, and what stands between an upload and the service. */
  overview(): HealthOverview {
    const { status, checks } = this.ready();
    return {
      status,
      checks: Object.fromEntries(checks.map(({ name, ...check }) => [name, check])),
      sandbox: this.#sources.audioSandbox(),
    };
  }

  /** Every required model was ready once since the start. */
  started(): HealthReport {
    const models = this.#models();
    this.#hasStarted ||= models.every(({ detail }) => detail === "");
    return this.#report("started", this.#hasStarted ? models.map(({ name }) => ({ name, detail: "" })) : models);
  }

  #models(): Finding[] {
    const models = this.#sources.models();
    if (models.length === 0) {
      return [{ name: "models", detail: "the model folders are being opened" }];
    }
    return models
      .filter(({ isRequired }) => isRequired)
      .map((model) => ({ name: `model:${model.identity.name}`, detail: model.stateDetail() }));
  }

  #report(probe: string, findings: readonly Finding[]): HealthReport {
    const checks = findings.map((finding) => this.#check(probe, finding));
    return { status: checks.every(({ status }) => status === "ok") ? "ok" : "fail", checks };
  }

  #check(probe: string, { name, detail }: Finding): HealthCheck {
    const key = `${probe}/${name}`;
    const status = detail === "" ? "ok" : "fail";
    const last = this.#last.get(key);
    const since = last?.status === status ? last.since : new Date().toISOString();
    const check: HealthCheck = { name, status, detail, since };
    this.#last.set(key, check);
    return check;
  }
}
