/** What a health endpoint answers: `status` is `fail` when any check is. */
export interface HealthReport {
  readonly status: "ok" | "fail";
  readonly checks: readonly HealthCheck[];
}

export interface HealthCheck {
  readonly name: string;
  readonly status: "ok" | "fail";
  /** One line for an operator. */
  readonly detail: string;
  /** When the check took this status, ISO 8601. */
  readonly since: string;
}
