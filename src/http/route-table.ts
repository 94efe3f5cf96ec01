/** The methods of every path, so that 404 and 405 can be told apart. */
export class RouteTable {
  readonly #routes = new Map<string, { readonly segments: readonly string[]; readonly methods: Set<string> }>();
  #mostSegments = 0;

  /** `url` is a route's pattern: `:name` stands for one segment, `*` for any rest. */
  add(url: string, methods: readonly string[]): void {
    const segments = url.split("/");
    const route = this.#routes.get(url) ?? { segments, methods: new Set() };
    this.#routes.set(url, route);
    this.#mostSegments = Math.max(this.#mostSegments, segments.length);
    for (const method of methods) {
      route.methods.add(method);
    }
  }

  /** Methods for a path as sent, without its query; null when no route has it. `*` asks for those of the server. */
  methodsFor(path: string): string[] | null {
    // Paths are as long as clients like: what lies beyond the longest pattern is not looked at.
    const sent = path.split("/", this.#mostSegments + 1);
    const routes = [...this.#routes.values()].filter(({ segments }) => path === "*" || matches(segments, sent));
    if (routes.length === 0) {
      return null;
    }
    return [...new Set(["OPTIONS", ...routes.flatMap(({ methods }) => [...methods])])].toSorted();
  }
}

function matches(wanted: readonly string[], sent: readonly string[]): boolean {
  const isOpen = wanted.at(-1) === "*";
  return (
    (isOpen ? sent.length >= wanted.length : sent.length === wanted.length) &&
    wanted.every((segment, index) => segment === "*" || segment === sent[index] || isParameter(segment, sent[index]))
  );
}

function isParameter(segment: string, sent: string | undefined): boolean {
  return segment.startsWith(":") && sent !== undefined && sent !== "";
}
