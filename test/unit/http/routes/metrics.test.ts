import { describe, expect, it } from "vitest";
import { fakeApp } from "../../../helpers/fake-app.ts";
import { expectError } from "../../../helpers/fake-error-check.ts";

describe("GET /metrics", () => {
  it("passes on what the registry says", async () => {
    await using fake = await fakeApp();
    const response = await fake.app.inject("/metrics");
    expect(response.headers["content-type"]).toBe("text/plain; version=0.0.4");
    expect(response.body).toBe("up 1\n");
  });

  it("answers 500 without detail when the registry fails, and reports the failure", async () => {
    await using fake = await fakeApp();
    const failure = new Error("secret");
    fake.metricsText = () => Promise.reject(failure);
    const { message } = expectError(await fake.app.inject("/metrics"), "internal_error");
    expect(message).not.toContain("secret");
    expect(fake.failures).toMatchObject([{ where: "http", error: failure }]);
  });
});
