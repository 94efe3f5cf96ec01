import { describe, expect, it } from "vitest";
import { fakeApp } from "../../helpers/fake-app.ts";
import { classifyBody } from "../../helpers/fake-client.ts";
import { expectError } from "../../helpers/fake-error-check.ts";
import { fakeSpeechApp } from "../../helpers/fake-speech-app.ts";

/** Classifies a text with so many headers more. */
async function sendHeaders(count: number) {
  await using fake = await fakeApp();
  const headers = Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, "1"]));
  return await fake.app.inject({ method: "POST", url: "/v1/classify", headers, payload: classifyBody() });
}

describe("a request with many headers", () => {
  it("is accepted as long as they are no more than anybody needs", async () => {
    expect((await sendHeaders(90)).statusCode).toBe(200);
  });

  it("is refused with 431 beyond that, before its body is read", async () => {
    expectError(await sendHeaders(101), "headers_too_large");
  });
});

describe("a form", () => {
  const boundary = "limit";
  const field = (name: string, value: string): string =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\n\u0001\r\n`;
  const send = async (...parts: string[]) => {
    await using fake = await fakeSpeechApp();
    return await fake.app.inject({
      method: "POST",
      url: "/v1/transcribe",
      headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
      payload: `${parts.join("")}--${boundary}--\r\n`,
    });
  };

  it("is accepted with its file and a few fields", async () => {
    expect((await send(field("language", "fr"), file)).statusCode).toBe(200);
  });

  it.each<[what: string, parts: string[]]>([
    ["more fields than there are parameters", [...Array.from({ length: 33 }, () => field("language", "fr")), file]],
    ["more parts than that", [file, ...Array.from({ length: 70 }, () => field("language", "fr"))]],
    ["a second file", [file, file]],
    ["a field that is far too long", [field("language", "f".repeat(20_000)), file]],
  ])("is refused with %s", async (_what, parts) => {
    const response = await send(...parts);
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    expect(response.statusCode).toBeLessThan(500);
  });
});
