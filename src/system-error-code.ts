/** Code of an error that the system or Node raised, such as `ENOENT`; unlike its message it holds no data. */
export function systemErrorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
