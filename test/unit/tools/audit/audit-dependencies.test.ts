import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { auditDependencies } from "../../../../tools/audit/audit-dependencies.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";

const bulkPath = "/-/npm/v1/security/advisories/bulk";
const advisory = {
  id: 1,
  url: "https://example.org/advisory",
  title: "Pads too far",
  severity: "high",
  vulnerable_versions: "<2.0.0",
  cwe: [],
  cvss: { score: 8, vectorString: null },
};

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

test("an advisory of the registry is reported with its severity and title", async () => {
  const registry = await startRegistry((response) => response.end(JSON.stringify({ padding: [advisory] })));
  expect(await auditWith(registry)).toEqual({
    outcome: "answered",
    advisories: [{ packageName: "padding", severity: "high", because: ["Pads too far https://example.org/advisory"] }],
  });
});

test("nothing known is an answer", async () => {
  const registry = await startRegistry((response) => response.end("{}"));
  expect(await auditWith(registry)).toEqual({ outcome: "answered", advisories: [] });
});

test("a registry that knows no advisories, or that nobody reaches, is no answer", async () => {
  const registry = await startRegistry((response) => response.writeHead(405).end());
  expect(await auditWith(registry)).toMatchObject({ outcome: "unanswered", reason: expect.stringContaining("405") });
  servers.splice(0).forEach((server) => server.close());
  expect(await auditWith(registry)).toMatchObject({ outcome: "unanswered" });
});

/** Address of a registry that answers a question for advisories so, and knows no packages. */
async function startRegistry(answer: (response: ServerResponse) => unknown): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      if (request.url === bulkPath) {
        answer(response);
      } else {
        response.writeHead(404).end();
      }
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Audits a project with one dependency. */
async function auditWith(registry: string) {
  using folder = new TemporaryFolder();
  const root = { name: "service", version: "1.0.0", dependencies: { padding: "1.0.0" } };
  folder.write("package.json", JSON.stringify(root));
  folder.write(
    "package-lock.json",
    JSON.stringify({
      name: "service",
      version: "1.0.0",
      lockfileVersion: 3,
      packages: { "": root, "node_modules/padding": { version: "1.0.0" } },
    }),
  );
  return await auditDependencies(folder.path, {
    PATH: process.env["PATH"],
    HOME: folder.path,
    npm_config_cache: folder.path,
    npm_config_registry: registry,
  });
}
