/** What a health endpoint answers: `status` is `fail` when any check is. */
export interface HealthReport {
  readonly status: "ok" | "fail";
  readonly checks: readonly HealthCheck[];
}

/** All that is known, for people and dashboards. */
export interface HealthOverview {
  readonly status: HealthReport["status"];
  readonly checks: Readonly<Record<string, Omit<HealthCheck, "name">>>;
  /** Layers of the sandbox in which audio is decoded, from the outside in; empty before it was chosen. */
  readonly sandbox: readonly string[];
}

export interface HealthCheck {
  readonly name: string;
  readonly status: "ok" | "fail";
  /** One line for an operator. */
  readonly detail: string;
  /** When the check took this status, ISO 8601. */
  readonly since: string;
}
