import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** A TCP server that hands each arriving request, head and body, to `onRequest`. */
export async function startScriptedServer(onRequest: (socket: Socket, request: string) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // Clients that leave in the middle are part of some scripts.
    socket.on("error", () => {});
    socket.on("data", (data) => onRequest(socket, data.toString("utf8")));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("the system gave no port");
  }
  return {
    port: address.port,
    connectionCount: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
      await once(server, "close");
    },
  };
}

export function answer(body: string, head = "HTTP/1.1 200 OK"): string {
  return `${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
