import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { addKey, revokeKey, rotateKey } from "./admission/keys/change-keys.ts";
import { changeKeyFile, readKeyFile } from "./admission/keys/key-file.ts";
import {
  isKeyName,
  type KeyRecord,
  type KeyRecords,
  type KeyScope,
  keyScopes,
  maxKeyVersions,
} from "./admission/keys/key-records.ts";
import { OperatorError } from "./operator-error.ts";
import { runForOperator } from "./run-for-operator.ts";
import type { Secret } from "./secrets/secret.ts";

/** What a command answers: a new key to standard output, once, and all else around it. */
export interface KeysAnswer {
  readonly key: Secret | null;
  /** For people: a table, or what was done. */
  readonly text: string;
}

const usage = `Usage: npm run keys -- COMMAND --file FILE
  create --client NAME --scopes SCOPE[,SCOPE…] [--tier TIER] [--expires DURATION]
  list
  rotate ID [--overlap DURATION]
  revoke ID
Scopes: ${keyScopes.join(", ")}. Durations: 90d, 24h, 30m, 10s. The overlap, 24h by default, is how long the old key works on.`;

const options = {
  file: { type: "string" },
  client: { type: "string" },
  scopes: { type: "string" },
  tier: { type: "string", default: "default" },
  expires: { type: "string" },
  overlap: { type: "string", default: "24h" },
} as const;

type Values = ReturnType<typeof parseArguments>["values"];

/**
 * Carries out one command on a file of key records. Neither a key nor a hash is ever an argument.
 *
 * @param now Milliseconds since 1970.
 * @throws {OperatorError} that says what to change.
 */
export async function runKeysCommand(words: readonly string[], now: number): Promise<KeysAnswer> {
  const { values, positionals } = parseArguments(words);
  const [command = "", id = ""] = positionals;
  if (values.file === undefined) {
    throw new OperatorError(`Name the file of key records with --file.\n${usage}`);
  }
  const file = resolve(values.file);
  switch (command) {
    case "create":
      return create(file, values, now);
    case "list":
      return { key: null, text: describeRecords(readKeyFile(file), now) };
    case "rotate":
      return rotate(file, id, durationOf("--overlap", values.overlap), now);
    case "revoke":
      return revoke(file, id);
    default:
      throw new OperatorError(usage);
  }
}

function parseArguments(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (cause) {
    throw new OperatorError(usage, { cause });
  }
}

async function create(file: string, { client = "", scopes = "", tier, expires }: Values, now: number) {
  for (const [option, name] of Object.entries({ client, tier })) {
    if (!isKeyName(name)) {
      throw new OperatorError(`--${option} must be 1 to 64 letters, digits, '_', '.' or '-', a letter or digit first.`);
    }
  }
  const expiresAt = expires === undefined ? null : now + durationOf("--expires", expires);
  const chosen = { client, scopes: scopesOf(scopes), tier, expiresAt };
  const { key, record } = await changeKeyFile(file, (records) => addKey(records, chosen, now));
  return { key, text: `This key of ${record.client} is shown once. Its id is ${record.id}.` };
}

async function rotate(file: string, id: string, overlapMs: number, now: number): Promise<KeysAnswer> {
  readKeyFile(file);
  const { key, record } = await changeKeyFile(file, (records) => {
    const found = find(records, id);
    if (found.expiresAt !== null && found.expiresAt <= now) {
      throw new OperatorError("This id has expired: a new key of it would be dead. Create another one.");
    }
    const rotated = rotateKey(records, found, overlapMs, now);
    if (rotated === null) {
      throw new OperatorError(
        `${maxKeyVersions} keys of this id are valid already; wait, or give a shorter --overlap.`,
      );
    }
    return rotated;
  });
  const end = overlapMs === 0 ? "The old one is dead." : `The old one works until ${timeText(now + overlapMs)}.`;
  return { key, text: `This new key of ${record.client} is shown once. ${end}` };
}

async function revoke(file: string, id: string): Promise<KeysAnswer> {
  readKeyFile(file);
  const { client } = await changeKeyFile(file, (records) => {
    const record = find(records, id);
    return { records: revokeKey(records, id), client: record.client };
  });
  return { key: null, text: `The key ${id} of ${client} is revoked.` };
}

function find(records: KeyRecords, id: string): KeyRecord {
  const record = records.get(id);
  if (record === undefined) {
    // What was given instead of an id may be a key.
    throw new OperatorError("No key has this id; `list` shows those that there are.");
  }
  return record;
}

function scopesOf(text: string): KeyScope[] {
  const names = text.split(",").map((name) => name.trim());
  const scopes = keyScopes.filter((scope) => names.includes(scope));
  if (scopes.length < new Set(names).size) {
    throw new OperatorError(`--scopes must be a list of ${keyScopes.join(", ")}.`);
  }
  return scopes;
}

/** In milliseconds. */
function durationOf(option: string, text: string): number {
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit];
  if (count === undefined || unitMs === undefined) {
    throw new OperatorError(`${option} must be a duration such as 90d, 24h, 30m or 10s.`);
  }
  return Number(count) * unitMs;
}

function describeRecords(records: KeyRecords, now: number): string {
  const rows = [...records.values()].map((record) => describeRecord(record, now));
  const table = [["ID", "CLIENT", "SCOPES", "TIER", "CREATED", "EXPIRES", "OLD KEYS UNTIL"], ...rows];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function describeRecord(record: KeyRecord, now: number): string[] {
  const { id, client, scopes, tier, createdAt, expiresAt, versions } = record;
  const ends = versions.flatMap(({ notAfter }) => (notAfter === null || notAfter <= now ? [] : [notAfter]));
  const expiry = expiresAt === null ? "never" : timeText(expiresAt) + (expiresAt <= now ? " (expired)" : "");
  const overlap = ends.length === 0 ? "-" : timeText(Math.max(...ends));
  return [id, client, scopes.join(","), tier, timeText(createdAt), expiry, overlap];
}

/** To the second. */
function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

if (import.meta.main) {
  await runForOperator(async () => {
    const { key, text } = await runKeysCommand(process.argv.slice(2), Date.now());
    // Apart from the key, so that a script can take it.
    (key === null ? process.stdout : process.stderr).write(`${text}\n`);
    key?.use((value) => process.stdout.write(`${value}\n`));
  });
}
