import { Secret } from "../../secrets/secret.ts";

/** Headers by their names in lower case; `headersDistinct` of a request, which keeps those that were sent twice, is best. */
export type CredentialHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a client presented. `malformed` and `conflicting` are refused like a wrong key. */
export type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "key"; readonly key: Secret }
  | { readonly kind: "malformed" }
  | { readonly kind: "conflicting" };

/** UTF-16 units of one header; a key has 65. */
const maxLength = 512;

/**
 * The key in `Authorization: Bearer …` or `X-API-Key`. Two that differ are refused: a proxy might look at the one and
 * the service at the other.
 */
export function parseCredentials(headers: CredentialHeaders): Credentials {
  const authorization = valuesOf(headers["authorization"]).map(bearerToken);
  const presented = [...authorization, ...valuesOf(headers["x-api-key"]).map(plainKey)];
  const [first] = presented;
  if (first === undefined) {
    return { kind: "none" };
  }
  const keys = presented.filter((key) => key !== null);
  if (first === null || keys.length < presented.length) {
    return { kind: "malformed" };
  }
  return keys.every((key) => key === first) ? { kind: "key", key: new Secret(first) } : { kind: "conflicting" };
}

function valuesOf(header: string | readonly string[] | undefined): readonly string[] {
  return header === undefined ? [] : typeof header === "string" ? [header] : header;
}

/** RFC 6750: the scheme in any case, and a token of these characters. */
function bearerToken(header: string): string | null {
  return header.length > maxLength ? null : (/^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header)?.[1] ?? null);
}

function plainKey(header: string): string | null {
  return header.length <= maxLength && /^[!-~]+$/.test(header) ? header : null;
}
