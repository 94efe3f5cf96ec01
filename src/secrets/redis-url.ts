import { type LineRules, lineProblem, type SecretBundle } from "./bundle.ts";
import { Secret } from "./secret.ts";

export interface RedisSecrets {
  /** `redis://` or, encrypted, `rediss://`; user name and password may be in it. */
  readonly url: Secret;
}

const rules: LineRules = {
  minLength: 1,
  maxLength: 2_048,
  allowed: /^[!-~]+$/,
  allowedInWords: "printable ASCII characters; write others, in a password, as %XX",
};

/** Address and credentials of the Redis that instances share. */
export const redisBundle: SecretBundle<RedisSecrets> = {
  name: "redis",
  title: "Redis configuration",
  fields: [
    {
      name: "url",
      variable: "REDIS_URL",
      file: "redis-url",
      maxBytes: 4_096,
      problem: (text) => lineProblem(text, rules) ?? redisUrlProblem(text),
    },
  ],
  build: (textOf) => ({ url: new Secret(textOf("url")) }),
};

function redisUrlProblem(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "") {
    return "must be a redis:// or rediss:// URL with a host";
  }
  if (!/^(\/\d{0,5})?$/.test(url.pathname)) {
    return "must have the number of a database as its path, or none";
  }
  if (url.search !== "" || url.hash !== "") {
    return "must have neither query nor fragment";
  }
  return isPercentEncoded(url.username) && isPercentEncoded(url.password)
    ? null
    : "must hold user name and password with every % written as %25";
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    // The one reason for which it throws.
    return false;
  }
}
