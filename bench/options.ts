import { parseArgs } from "node:util";

export interface OptionDescription {
  /** Without the leading dashes. */
  readonly name: string;
  /** A number makes it a numeric option; null means "not given". */
  readonly byDefault: number | string | null;
  readonly help: string;
}

/** The options of one call, checked against what the benchmark declares. */
export class Options {
  readonly json: boolean;
  readonly #values: ReadonlyMap<string, number | string | null>;

  /** @throws Error for an unknown option, or one that is no positive number where the default is a number. */
  constructor(args: readonly string[], descriptions: readonly OptionDescription[]) {
    const declared = Object.fromEntries(descriptions.map(({ name }) => [name, { type: "string" as const }]));
    const { values } = parseArgs({
      args: [...args],
      options: { ...declared, json: { type: "boolean" } },
      strict: true,
    });
    this.json = values.json === true;
    this.#values = new Map(descriptions.map((description) => [description.name, valueOf(description, values)]));
  }

  number(name: string): number {
    const value = this.#values.get(name);
    if (typeof value !== "number") {
      throw new Error(`the benchmark declares no numeric option --${name}`);
    }
    return value;
  }

  /** Null when it was not given and has no default. */
  text(name: string): string | null {
    const value = this.#values.get(name);
    if (value === undefined || typeof value === "number") {
      throw new Error(`the benchmark declares no text option --${name}`);
    }
    return value;
  }

  /**
   * A list such as `1,8,32`.
   * @throws Error when one of them is no positive whole number.
   */
  counts(name: string): number[] {
    const given = this.text(name) ?? "";
    const values = given.split(",").map(Number);
    if (!values.every((value) => Number.isSafeInteger(value) && value > 0)) {
      throw new Error(`--${name} must be positive whole numbers with commas between them, not "${given}"`);
    }
    return values;
  }

  /**
   * A text that must be given.
   * @throws Error when it was not.
   */
  required(name: string): string {
    const value = this.text(name);
    if (value === null) {
      throw new Error(`--${name} is needed`);
    }
    return value;
  }

  /** Everything, for the JSON document. */
  all(): Record<string, number | string | null> {
    return Object.fromEntries(this.#values);
  }
}

function valueOf(
  { name, byDefault }: OptionDescription,
  values: Readonly<Record<string, string | boolean | undefined>>,
): number | string | null {
  const given = values[name];
  if (typeof given !== "string") {
    return byDefault;
  }
  if (typeof byDefault !== "number") {
    return given;
  }
  const value = Number(given);
  if (!(value > 0 && Number.isFinite(value))) {
    throw new Error(`--${name} must be a positive number, not "${given}"`);
  }
  return value;
}
