/** What a client sent, if it is one of the known values: nobody can grow a set of labels, or write what he wants to a log. */
export function boundedValue(value: string | null, known: readonly string[]): string {
  if (value === null) {
    return "none";
  }
  return known.includes(value) ? value : "other";
}
