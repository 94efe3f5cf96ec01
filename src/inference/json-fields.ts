import { readFile } from "node:fs/promises";

/** The fields of a JSON file, each checked when it is read. Errors name the file and the field. */
export class JsonFields {
  readonly #file: string;
  /** Where they are in the file, such as `text_config.`; empty for the file's own. */
  readonly #prefix: string;
  readonly #fields: Partial<Record<string, unknown>>;

  private constructor(file: string, prefix: string, fields: Partial<Record<string, unknown>>) {
    this.#file = file;
    this.#prefix = prefix;
    this.#fields = fields;
  }

  /** @throws Error when the file cannot be read or holds no JSON object. */
  static async read(file: string): Promise<JsonFields> {
    const value = parse(await readFile(file, "utf8"));
    if (!isRecord(value)) {
      throw new Error(`${file} holds no JSON object`);
    }
    return new JsonFields(file, "", value);
  }

  /** The fields of a field whose value is an object. */
  object(key: string): JsonFields {
    const value = this.#fields[key];
    return isRecord(value) ? new JsonFields(this.#file, `${this.#prefix}${key}.`, value) : this.#refuse(key);
  }

  has(key: string): boolean {
    return this.#fields[key] !== undefined && this.#fields[key] !== null;
  }

  text(key: string): string {
    const value = this.#fields[key];
    return typeof value === "string" ? value : this.#refuse(key);
  }

  /** A count or a token id: an integer of 0 or more. */
  count(key: string): number {
    const value = this.#fields[key];
    return isCount(value) ? value : this.#refuse(key);
  }

  /** A field whose value is a count or a list of them. */
  oneOrMore(key: string): number[] {
    return Array.isArray(this.#fields[key]) ? this.counts(key) : [this.count(key)];
  }

  counts(key: string): number[] {
    const value = this.#fields[key];
    return Array.isArray(value) && value.every(isCount) ? value : this.#refuse(key);
  }

  /** A field whose value is an object of counts, never an empty one. */
  countsByName(key: string): Map<string, number> {
    const value = this.#fields[key];
    const entries = isRecord(value) ? Object.entries(value) : [];
    const counts = entries.filter((entry): entry is [string, number] => isCount(entry[1]));
    return counts.length > 0 && counts.length === entries.length ? new Map(counts) : this.#refuse(key);
  }

  countByName(key: string, name: string): number {
    return this.countsByName(key).get(name) ?? this.#refuse(`${key}.${name}`);
  }

  #refuse(key: string): never {
    throw new Error(`${this.#file} has no valid ${this.#prefix}${key}`);
  }
}

/** Null when it is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
