import { once } from "node:events";
import { connect } from "node:net";
import { Repeating } from "./repeating.ts";

/** Requests that are written at once, before the answers to them are read. */
const roundSize = 500;

/** Asks for a path as fast as the service answers on one connection, until its scope ends. */
export class PipelinedRequests extends Repeating {
  constructor(port: number, path: string) {
    const round = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`.repeat(roundSize);
    super(0, async () => {
      const socket = connect(port, "127.0.0.1");
      // The last one asks for the end, which comes after all answers.
      socket.end(`${round}GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
      socket.resume();
      await once(socket, "close");
    });
  }
}
