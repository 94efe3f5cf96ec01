import { describe, expect, it } from "vitest";
import { RouteTable } from "../../../src/http/route-table.ts";

function table(): RouteTable {
  const routes = new RouteTable();
  routes.add("/v1/models", ["GET"]);
  routes.add("/v1/models", ["HEAD"]);
  routes.add("/v1/models/:name", ["GET"]);
  routes.add("/v1/classify", ["POST"]);
  routes.add("/docs/static/*", ["GET"]);
  return routes;
}

describe("RouteTable", () => {
  it.each([
    ["/v1/models", ["GET", "HEAD", "OPTIONS"]],
    ["/v1/models/camembert", ["GET", "OPTIONS"]],
    ["/v1/classify", ["OPTIONS", "POST"]],
    ["/docs/static/a/b.css", ["GET", "OPTIONS"]],
    ["*", ["GET", "HEAD", "OPTIONS", "POST"]],
  ])("knows the methods of %s", (path, methods) => {
    expect(table().methodsFor(path)).toEqual(methods);
  });

  it.each(["/", "", "/v1", "/v1/models/", "/v1/models/a/b", "/V1/models", "/v1/classify/x", "/docs/static"])(
    "knows no methods for %j",
    (path) => {
      expect(table().methodsFor(path)).toBeNull();
    },
  );
});
