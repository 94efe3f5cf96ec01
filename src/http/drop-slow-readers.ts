import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Gives up connections whose client does not take what was written to it. Node's own time limit does not see them: a
 * few bytes now and then, which the kernel takes, begin it anew. What counts here is that a write comes to its end.
 * @param limitMs milliseconds that one write may take: long enough for the largest of them on a slow line.
 */
export function dropSlowReaders(server: Server, limitMs: number): void {
  /** Since when each connection has had something to write, in milliseconds of `performance.now()`; null: nothing. */
  const waiting = new Map<Socket, number | null>();
  server.on("connection", (socket) => {
    waiting.set(socket, null);
    socket.on("drain", () => waiting.set(socket, null));
    socket.once("close", () => waiting.delete(socket));
  });
  const timer = setInterval(
    () => {
      const now = performance.now();
      for (const [socket, since] of waiting) {
        if (socket.writableLength === 0) {
          waiting.set(socket, null);
        } else if (since === null) {
          waiting.set(socket, now);
        } else if (now - since > limitMs) {
          socket.destroy();
        }
      }
    },
    Math.ceil(limitMs / 4),
  ).unref();
  server.once("close", () => clearInterval(timer));
}
