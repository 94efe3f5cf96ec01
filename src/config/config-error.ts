/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  /** Dotted path of the setting, such as `server.port`; null when a whole file is meant. */
  readonly key: string | null;
  /** Where it was set: a file with its line, or the name of an environment variable. */
  readonly source: string | null;
  /** What is wrong and what was expected; never the value. */
  readonly message: string;
}

/** The configuration cannot be used; holds every problem that was found, not only the first. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  ${describeProblem(problem)}`).join("\n")}`);
    this.problems = problems;
  }
}

/** One line, such as `log.level (LOG_LEVEL): Invalid option: expected …`. */
export function describeProblem(problem: ConfigProblem): string {
  const { key, source, message } = problem;
  const subject = key !== null && source !== null ? `${key} (${source})` : (key ?? source);
  return subject === null ? message : `${subject}: ${message}`;
}
