import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { fakeApp } from "../../helpers/fake-app.ts";

describe("GET /docs", () => {
  it("is a page whose every part comes from this service", async () => {
    await using fake = await fakeApp();
    const page = await fake.app.inject("/docs");
    expect(page.statusCode).toBe(200);
    expect(page.headers["content-type"]).toMatch(/^text\/html/);
    const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(parts.length).toBeGreaterThan(4);
    for (const part of parts) {
      expect(part).toMatch(/^\/docs\//);
      expect((await fake.app.inject(part)).statusCode).toBe(200);
    }
  });

  it("needs no inline script or style, and its policy allows none", async () => {
    await using fake = await fakeApp();
    const page = await fake.app.inject("/docs");
    expect(page.body).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=/);
    const policy = page.headers["content-security-policy"];
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  it("shows the document of /openapi.json", async () => {
    await using fake = await fakeApp();
    const [shown, document] = [await fake.app.inject("/docs/json"), await fake.app.inject("/openapi.json")];
    expect(shown.json()).toEqual(document.json());
  });
});

describe("the pages of the documentation", () => {
  it("are sent to so many at a time, of which one address has its share; then they say so", async () => {
    await using fake = await fakeApp();
    const port = await fake.listen();
    const readers: Socket[] = [];
    onTestFinished(() => readers.forEach((reader) => void reader.destroy()));
    const open = async (localAddress: string): Promise<string> => {
      // It reads the first bytes, and then nothing.
      const reader = connect({ host: "127.0.0.1", port, localAddress });
      readers.push(reader);
      // More than the buffers of the system take.
      reader.write("GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n".repeat(8));
      const [first] = (await once(reader, "data")) as [Buffer];
      reader.pause();
      return first.toString("latin1").slice(9, 12);
    };
    const statuses = await Promise.all(Array.from({ length: 100 }, () => open("127.0.0.1")));
    expect(statuses.filter((status) => status === "200").length).toBeGreaterThan(6);
    expect(statuses).toContain("503");
    expect(await open("127.0.0.2")).toBe("200");
    readers.splice(0).forEach((reader) => void reader.destroy());
    await expect.poll(() => open("127.0.0.1")).toBe("200");
  });
});
