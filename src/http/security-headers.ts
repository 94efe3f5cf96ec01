/**
 * What every answer tells browsers, names and values in turn: what OWASP's REST security cheat sheet asks of an API. The
 * page at `/docs` has a content security policy of its own. `Strict-Transport-Security` counts behind a proxy with TLS
 * only; browsers ignore it elsewhere.
 */
export const securityHeaders: readonly string[] = [
  "cache-control",
  "no-store",
  "content-security-policy",
  "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy",
  "same-origin",
  "referrer-policy",
  "no-referrer",
  "strict-transport-security",
  "max-age=31536000",
  "x-content-type-options",
  "nosniff",
  "x-frame-options",
  "DENY",
];
