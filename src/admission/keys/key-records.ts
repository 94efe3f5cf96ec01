import { z } from "zod";
import { idForm } from "./api-key.ts";
import { KeyHash } from "./key-hash.ts";

/** What a key may do: the two tasks, the operator's routes, the metrics. */
export const keyScopes = ["classify", "transcribe", "admin", "metrics"] as const;

export type KeyScope = (typeof keyScopes)[number];

/** One of the keys that carry the same id. Times are in milliseconds since 1970. */
export interface KeyVersion {
  readonly hash: KeyHash;
  readonly createdAt: number;
  /** End of the overlap, of a version that was rotated; null of the newest. */
  readonly notAfter: number | null;
}

/** What is known of a key without knowing the key. */
export interface KeyRecord {
  readonly id: string;
  readonly client: string;
  readonly scopes: readonly KeyScope[];
  /** Name of the limits that the client has. */
  readonly tier: string;
  readonly salt: string;
  readonly createdAt: number;
  /** Null: never. */
  readonly expiresAt: number | null;
  /** The newest first; at most `maxKeyVersions`. */
  readonly versions: readonly KeyVersion[];
}

/** Records by their ids. */
export type KeyRecords = ReadonlyMap<string, KeyRecord>;

/** Versions of one key that may be valid at a time: the newest and those whose overlap has not ended. */
export const maxKeyVersions = 4;

const maxKeys = 10_000;
const nameSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/);
const timeSchema = z.iso.datetime();

const fileSchema = z.strictObject({
  format: z.literal(1),
  keys: z
    .array(
      z.strictObject({
        id: z.string().regex(idForm),
        client: nameSchema,
        scopes: z.array(z.enum(keyScopes)).min(1).max(keyScopes.length),
        tier: nameSchema,
        salt: z.string().regex(/^[0-9a-f]{32}$/),
        createdAt: timeSchema,
        expiresAt: timeSchema.nullable(),
        versions: z
          .array(
            z.strictObject({
              hash: z.string().regex(/^[0-9a-f]{64}$/),
              createdAt: timeSchema,
              notAfter: timeSchema.nullable(),
            }),
          )
          .min(1)
          .max(maxKeyVersions),
      }),
    )
    .max(maxKeys),
});

type StoredKey = z.infer<typeof fileSchema>["keys"][number];

/** Whether a text may name a client or a tier. */
export function isKeyName(text: string): boolean {
  return nameSchema.safeParse(text).success;
}

/** The records in a file's text, or what is wrong with it, as the end of a sentence that quotes nothing. */
export function parseKeyRecords(text: string): { readonly records: KeyRecords } | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes what it read.
    return { problem: "is no JSON" };
  }
  const { data, error } = fileSchema.safeParse(value);
  if (error !== undefined) {
    const path = error.issues[0]?.path ?? [];
    return { problem: `is no file of key records: look at ${path.length === 0 ? "its top level" : path.join(".")}` };
  }
  const records = new Map(data.keys.map((key) => [key.id, toRecord(key)]));
  return records.size === data.keys.length ? { records } : { problem: "has two records of one id" };
}

/** The text of a file that holds the records. */
export function formatKeyRecords(records: KeyRecords): string {
  const keys = [...records.values()].map(toStored);
  return `${JSON.stringify({ format: 1, keys }, null, 2)}\n`;
}

function toRecord({ createdAt, expiresAt, versions, ...rest }: StoredKey): KeyRecord {
  return {
    ...rest,
    createdAt: Date.parse(createdAt),
    expiresAt: toTime(expiresAt),
    versions: versions.map((version) => ({
      hash: KeyHash.fromText(version.hash),
      createdAt: Date.parse(version.createdAt),
      notAfter: toTime(version.notAfter),
    })),
  };
}

function toStored({ createdAt, expiresAt, scopes, versions, ...rest }: KeyRecord): StoredKey {
  return {
    ...rest,
    scopes: [...scopes],
    createdAt: toText(createdAt),
    expiresAt: expiresAt === null ? null : toText(expiresAt),
    versions: versions.map((version) => ({
      hash: version.hash.toText(),
      createdAt: toText(version.createdAt),
      notAfter: version.notAfter === null ? null : toText(version.notAfter),
    })),
  };
}

function toTime(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}

function toText(time: number): string {
  return new Date(time).toISOString();
}
