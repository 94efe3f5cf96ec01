import { randomFillSync } from "node:crypto";

/** Random bytes for many ids at once: asking for a few bytes at a time costs ten times as much. */
const pool = Buffer.alloc(24 * 256);
let used = pool.length;

/** 32 lower-case hexadecimal digits, not all zero. */
export function randomTraceId(): string {
  return randomId(16);
}

/** 16 lower-case hexadecimal digits, not all zero. */
export function randomSpanId(): string {
  return randomId(8);
}

function randomId(bytes: number): string {
  for (;;) {
    if (used + bytes > pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const start = used;
    used += bytes;
    const id = pool.toString("hex", start, used);
    if (!/^0+$/.test(id)) {
      return id;
    }
  }
}
