const quietRoutes: ReadonlySet<string> = new Set(["/livez", "/readyz", "/startupz", "/health", "/metrics"]);

/** Asked every few seconds by machines; of interest only to whoever debugs them. */
export function isQuietRoute(route: string): boolean {
  return quietRoutes.has(route);
}
