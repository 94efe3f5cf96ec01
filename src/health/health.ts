import type { HealthCheck, HealthReport } from "./health-report.ts";
import type { MonitoredModel } from "./monitored-model.ts";
import { withoutPaths } from "./without-paths.ts";

type JudgedModel = Pick<MonitoredModel, "identity" | "isRequired" | "stateDetail"> & {
  readonly folder: Pick<MonitoredModel["folder"], "path">;
};

/** What readiness is judged by: details are empty when nothing is wrong. */
export interface HealthSources<Model extends JudgedModel = JudgedModel> {
  readonly models: () => readonly Model[];
  /** What keeps the model from serving. */
  readonly modelDetail: (model: Model) => string;
  /** What keeps the service from decoding audio for a required model. */
  readonly audioDetail: () => string;
  /** What keeps it from putting uploads for a required model on disk. */
  readonly spoolDetail: () => string;
  readonly eventLoopDetail: () => string;
  readonly isDraining: () => boolean;
  readonly isInMaintenance: () => boolean;
}

type Finding = Pick<HealthCheck, "name" | "detail">;

/** Answers the three probes from what is known already: nothing is waited for on a probe's path. */
export class Health<Model extends JudgedModel = JudgedModel> {
  readonly #sources: HealthSources<Model>;
  readonly #last = new Map<string, HealthCheck>();
  #hasStarted = false;

  constructor(sources: HealthSources<Model>) {
    this.#sources = sources;
  }

  /**
   * The event loop answers. Nothing else counts: a sick child is replaced by the service itself, and a restart of the
   * service cures neither a full disk nor a broken model, but ends what others wait for. A loop that does not turn any
   * more does not answer.
   */
  live(): HealthReport {
    return this.#report("live", [{ name: "event_loop", detail: "" }]);
  }

  /** Every required model answers, what it needs is there, and the service wants to. */
  ready(): HealthReport {
    const { audioDetail, eventLoopDetail, isDraining, isInMaintenance, modelDetail, spoolDetail } = this.#sources;
    return this.#report("ready", [
      { name: "accepting", detail: isDraining() ? "the service is shutting down" : "" },
      { name: "maintenance", detail: isInMaintenance() ? "maintenance mode is on" : "" },
      { name: "event_loop", detail: eventLoopDetail() },
      { name: "audio", detail: audioDetail() },
      { name: "spool", detail: spoolDetail() },
      ...this.#models(modelDetail),
    ]);
  }

  /** The processes of every required model were ready once since the start. */
  started(): HealthReport {
    const models = this.#models((model) => model.stateDetail());
    this.#hasStarted ||= models.every(({ detail }) => detail === "");
    return this.#report("started", this.#hasStarted ? models.map(({ name }) => ({ name, detail: "" })) : models);
  }

  #models(detailOf: (model: Model) => string): Finding[] {
    const models = this.#sources.models();
    if (models.length === 0) {
      return [{ name: "models", detail: "the model folders are being opened" }];
    }
    return models
      .filter(({ isRequired }) => isRequired)
      .map((model) => ({
        name: `model:${model.identity.name}`,
        detail: withoutPaths(detailOf(model), model.folder.path),
      }));
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
    const check: HealthCheck = { name, status, detail: withoutPaths(detail), since };
    this.#last.set(key, check);
    return check;
  }
}
