import { ServiceError } from "../errors.ts";
import { type CredentialHeaders, parseCredentials } from "./keys/credentials.ts";
import type { KeyScope } from "./keys/key-records.ts";
import { type KeySource, verifyFreshKey } from "./keys/verify-fresh-key.ts";
import type { KeyRefusal, VerifiedKey } from "./keys/verify-key.ts";
import { onceKnown } from "./once-known.ts";

/** What a key must allow; `any` takes every valid key. */
export type Access = KeyScope | "any";

/** The keys in force. */
export interface KeyRing extends KeySource {
  /** Whether there is a list of keys at all; an empty one refuses everybody. */
  readonly hasList: () => boolean;
}

/**
 * Finds out whose key came with the headers, or returns `invalid_api_key`: clients hear the same whatever is wrong, and
 * the log line says which. Never repeats what was sent.
 */
export function authenticate(
  headers: CredentialHeaders,
  keys: KeySource,
): VerifiedKey | ServiceError | Promise<VerifiedKey | ServiceError> {
  const credentials = parseCredentials(headers);
  if (credentials.kind !== "key") {
    return invalidKey(credentials.kind === "none" ? "missing" : credentials.kind);
  }
  return onceKnown(verifyFreshKey(credentials.key, keys), (verdict) =>
    "reason" in verdict ? invalidKey(verdict.reason) : verdict,
  );
}

/** `permission_denied` when the key is not for this, else null. */
export function authorize({ scopes }: VerifiedKey, access: Access): ServiceError | null {
  return access === "any" || scopes.includes(access)
    ? null
    : new ServiceError("permission_denied", `The API key lacks the scope ${access}.`);
}

function invalidKey(reason: "missing" | "conflicting" | KeyRefusal["reason"]): ServiceError {
  return new ServiceError("invalid_api_key", "A valid API key is needed: Authorization: Bearer …, or X-API-Key.", {
    facts: { key: reason },
  });
}
