import { expect, test } from "vitest";
import { confine, pathInside } from "../../../src/processes/sandbox-command.ts";

const command = {
  path: "/srv/service/bin/node",
  arguments: ["/srv/service/src/audio/main.ts"],
  files: ["/srv/service/src/audio", "/srv/models/model.onnx", "/usr/lib/thing"],
  root: "/srv/service",
  limits: { dataBytes: 1024, cpuSeconds: 60, openFiles: 64 },
};

test("without layers the command runs as it is", () => {
  expect(confine([], command, 5)).toEqual({ path: command.path, arguments: command.arguments });
});

test("each layer stands before the one that it starts", () => {
  const { path, arguments: args } = confine(["prlimit", "no_new_privileges", "namespaces"], command, 5);
  expect(path).toBe("/usr/bin/prlimit");
  expect(args.filter((arg) => arg.startsWith("/"))).toEqual([
    "/usr/bin/setpriv",
    "/usr/bin/unshare",
    command.path,
    ...command.arguments,
  ]);
});

test("no file may be written and no core dumped, and the other limits are as asked for", () => {
  const { arguments: args } = confine(["prlimit"], command, 5);
  expect(args.slice(0, 6)).toEqual(["--data=1024", "--cpu=60", "--nofile=64", "--fsize=0", "--core=0", "--"]);
});

test("root becomes nobody before it builds namespaces", () => {
  const { arguments: args } = confine(["no_new_privileges", "unprivileged_user", "namespaces"], command, 5);
  expect(args.indexOf("--reuid=65534")).toBeGreaterThanOrEqual(0);
  expect(args.indexOf("--reuid=65534")).toBeLessThan(args.indexOf("/usr/bin/unshare"));
});

test("behind the wall the service's files are elsewhere, and nothing else of it is there", () => {
  const { arguments: args } = confine(["bubblewrap"], command, 5);
  const mounts = args.flatMap((arg, at) => (arg === "--ro-bind" ? [args.slice(at + 1, at + 3)] : []));
  expect(mounts.filter(([source]) => source?.startsWith("/srv"))).toEqual([
    ["/srv/service/bin/node", "/app/bin/node"],
    ["/srv/service/src/audio", "/app/src/audio"],
    ["/srv/models/model.onnx", "/srv/models/model.onnx"],
  ]);
  expect(args.slice(args.indexOf("--") + 1)).toEqual(["/app/bin/node", "/srv/service/src/audio/main.ts"]);
  expect(args.slice(args.indexOf("--remount-ro")).slice(0, 2)).toEqual(["--remount-ro", "/"]);
});

test("the filter is read from the descriptor that it is given on", () => {
  const { arguments: args } = confine(["bubblewrap", "seccomp"], command, 7);
  expect(args.slice(args.indexOf("--seccomp")).slice(0, 2)).toEqual(["--seccomp", "7"]);
});

test("a program finds its files where the sandbox puts them", () => {
  expect(pathInside([], "/srv/service", "/srv/service/a/b")).toBe("/srv/service/a/b");
  expect(pathInside(["namespaces"], "/srv/service", "/srv/service/a/b")).toBe("/srv/service/a/b");
  expect(pathInside(["bubblewrap"], "/srv/service", "/srv/service/a/b")).toBe("/app/a/b");
  expect(pathInside(["bubblewrap"], "/srv/service", "/srv/other")).toBe("/srv/other");
});
