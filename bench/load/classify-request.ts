/** The bytes of `POST /v1/classify` for these texts, ready to be written. */
export function classifyRequest(
  port: number,
  texts: readonly string[],
  options?: { readonly timeoutMs: number },
): Buffer {
  const body = JSON.stringify({ inputs: { classificationInputs: texts }, options });
  return Buffer.from(
    `POST /v1/classify HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** The bytes of a GET. */
export function getRequest(port: number, path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
}
