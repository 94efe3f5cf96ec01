import { PassThrough, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { passOn } from "../../../src/http/pass-on.ts";

const broken = (cause: unknown): Error => new Error("broken", { cause });

/** A session that takes a piece when it is told to. */
function slowSession() {
  const pieces: string[] = [];
  const waiting: (() => void)[] = [];
  return {
    pieces,
    takeNext: () => waiting.shift()?.(),
    write: (chunk: Uint8Array) =>
      new Promise<void>((resolve) => {
        pieces.push(Buffer.from(chunk).toString());
        waiting.push(resolve);
      }),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("passOn", () => {
  it("passes on every byte in order, and resolves when all were taken", async () => {
    const pieces: string[] = [];
    const write = async (chunk: Uint8Array): Promise<void> => {
      await turn();
      pieces.push(Buffer.from(chunk).toString());
    };
    await passOn(
      Readable.from(["a", "b", "c"].map((text) => Buffer.from(text))),
      { write },
      new AbortController().signal,
      broken,
    );
    expect(pieces).toEqual(["a", "b", "c"]);
  });

  it("asks for no further piece before the last was taken", async () => {
    const source = new PassThrough();
    const session = slowSession();
    const passing = passOn(source, session, new AbortController().signal, broken);
    source.write("a");
    await turn();
    source.write("b");
    await turn();
    await turn();
    expect(session.pieces).toEqual(["a"]);
    session.takeNext();
    await expect.poll(() => session.pieces).toEqual(["a", "b"]);
    source.end();
    session.takeNext();
    await passing;
  });

  it("ends with the reason of an abort, and reads no further though a piece is taken later", async () => {
    const source = new PassThrough();
    const session = slowSession();
    const controller = new AbortController();
    const passing = passOn(source, session, controller.signal, broken);
    source.write("a");
    await turn();
    const reason = new Error("deadline");
    controller.abort(reason);
    await expect(passing).rejects.toBe(reason);
    source.write("b");
    session.takeNext();
    await turn();
    expect(session.pieces).toEqual(["a"]);
    expect(source.isPaused()).toBe(true);
  });

  it("does not begin when it is aborted already", async () => {
    const reason = new Error("deadline");
    const source = new PassThrough();
    await expect(passOn(source, slowSession(), AbortSignal.abort(reason), broken)).rejects.toBe(reason);
    expect(source.listenerCount("data")).toBe(0);
  });

  it.each([
    ["fails", new Error("bad form")],
    ["closes before its end", undefined],
  ])("tells of a source that %s", async (_what, cause) => {
    const source = new PassThrough();
    source.on("error", () => {
      // As parsers do.
    });
    const passing = passOn(source, slowSession(), new AbortController().signal, broken);
    source.destroy(cause);
    await expect(passing).rejects.toMatchObject({ message: "broken", ...(cause !== undefined && { cause }) });
  });

  it("tells of a source that was over before", async () => {
    const source = new PassThrough();
    source.destroy();
    await turn();
    await expect(passOn(source, slowSession(), new AbortController().signal, broken)).rejects.toThrow("broken");
  });
});
