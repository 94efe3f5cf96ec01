import { describe, expect, it } from "vitest";
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
