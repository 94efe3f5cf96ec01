import { closeSync, openSync, readdirSync, statSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeEach, expect, test, vi } from "vitest";

vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>();
  return {
    ...real,
    openSync: vi.fn<typeof openSync>(real.openSync),
    closeSync: vi.fn<typeof closeSync>(real.closeSync),
    unlinkSync: vi.fn<typeof unlinkSync>(real.unlinkSync),
  };
});

const real = await vi.importActual<typeof import("node:fs")>("node:fs");

// Files share the modules of their worker: this one must get its own over the fs above, and leave it to nobody.
vi.resetModules();
const { SpoolFile } = await import("../../../src/processes/spool-file.ts");

beforeEach(() => {
  vi.mocked(openSync).mockReset().mockImplementation(real.openSync);
  vi.mocked(closeSync).mockReset().mockImplementation(real.closeSync);
  vi.mocked(unlinkSync).mockReset().mockImplementation(real.unlinkSync);
});

afterAll(() => {
  vi.resetModules();
});

test("for as long as the file has a name, nobody else may read it", () => {
  const modes: number[] = [];
  vi.mocked(unlinkSync).mockImplementation((path) => {
    modes.push(statSync(path).mode & 0o777);
    real.unlinkSync(path);
  });
  new SpoolFile().close();
  expect(modes).toEqual([0o600]);
});

test("when it cannot be opened for reading, neither a descriptor nor a name is left", () => {
  const before = names();
  vi.mocked(openSync).mockImplementation((path, flags, mode) => {
    if (flags === "r") {
      throw Object.assign(new Error("too many open files"), { code: "EMFILE" });
    }
    return real.openSync(path, flags, mode);
  });
  expect(() => new SpoolFile()).toThrow("too many open files");
  expect(closeSync).toHaveBeenCalledOnce();
  expect(names()).toEqual(before);
});

test("a disk that fails at the close disturbs nobody", async () => {
  const file = new SpoolFile();
  vi.mocked(closeSync).mockImplementation((descriptor) => {
    real.closeSync(descriptor);
    throw Object.assign(new Error("input/output error"), { code: "EIO" });
  });
  file.close();
  await vi.waitFor(() => expect(closeSync).toHaveBeenCalledTimes(2));
});

function names(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("guardrail-upload-"));
}
