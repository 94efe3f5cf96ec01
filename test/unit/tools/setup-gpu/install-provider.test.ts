import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cudaProviderFile, librariesIn, readOnnxRuntimeFacts } from "../../../../src/hardware/onnx-runtime-facts.ts";
import { installProvider } from "../../../../tools/setup-gpu/install-provider.ts";
import { type ProviderWheel, providerWheels } from "../../../../tools/setup-gpu/provider-wheel.ts";
import { elfLibrary } from "../../../helpers/elf-library.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";

/** Writes a wheel: WHEEL NAME=FILE... */
const zipSource = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    for each in sys.argv[2:]:
        name, _, file = each.partition("=")
        archive.write(file, name)
`;
const [pair130] = providerWheels;
const buildIds = pair130!.libraries;
const hasPip = spawnSync("python3", ["-m", "pip", "--version"]).status === 0;
if (!hasPip) {
  console.warn("skipped: tests of setup:gpu that download need python3 with pip");
}

let folder: TemporaryFolder;

beforeEach(() => {
  folder = new TemporaryFolder();
  // What a user's own settings would be: an index of one folder.
  vi.stubEnv("PIP_CONFIG_FILE", "/dev/null");
  vi.stubEnv("PIP_NO_INDEX", "1");
  vi.stubEnv("PIP_FIND_LINKS", join(folder.path, "index"));
});

afterEach(() => {
  vi.unstubAllEnvs();
  folder[Symbol.dispose]();
});

describe.skipIf(!hasPip)("with pip", () => {
  test("the provider comes out of the wheel, is known as the build of the core's version, and is not brought twice", async () => {
    const packageFolder = writeCore("1.30.0");
    const wheel = writeWheel(buildIds);
    expect(await installProvider(wheel, packageFolder)).toBe("installed");
    expect(await readOnnxRuntimeFacts("onnxruntime-node", packageFolder)).toMatchObject({
      cudaProvider: { build: { version: "1.30.0" } },
    });
    expect(librariesOf(packageFolder)).toEqual(["libonnxruntime.so.1", ...Object.keys(buildIds)].toSorted());
    expect(statSync(join(librariesIn(packageFolder), cudaProviderFile)).mode & 0o777).toBe(0o644);
    vi.stubEnv("PIP_FIND_LINKS", "/nowhere");
    expect(await installProvider(wheel, packageFolder)).toBe("already there");
  });

  test("a wheel of another digest is refused, and nothing of it is left", async () => {
    const packageFolder = writeCore("1.30.0");
    const wheel = { ...writeWheel(buildIds), sha256: "0".repeat(64) };
    await expect(installProvider(wheel, packageFolder)).rejects.toThrow(
      "its digest differs, and nothing of it was used",
    );
    expect(librariesOf(packageFolder)).toEqual(["libonnxruntime.so.1"]);
  });

  test("a provider of another build is refused, and the one that lay there stays", async () => {
    const packageFolder = writeCore("1.30.0");
    const before = join(librariesIn(packageFolder), cudaProviderFile);
    writeFileSync(before, "another provider");
    const wheel = writeWheel({ ...buildIds, [cudaProviderFile]: "00".repeat(20) });
    await expect(installProvider(wheel, packageFolder)).rejects.toThrow(/is another build than ours \(build ID 0000/);
    expect(readFileSync(before, "utf8")).toBe("another provider");
    expect(librariesOf(packageFolder)).toEqual([cudaProviderFile, "libonnxruntime.so.1"].toSorted());
  });

  test("a wheel that lacks a library puts none in place", async () => {
    const packageFolder = writeCore("1.30.0");
    const [first = ""] = Object.keys(buildIds);
    const wheel = writeWheel({ [first]: buildIds[first]! });
    await expect(installProvider(wheel, packageFolder)).rejects.toThrow("cannot be taken apart");
    expect(librariesOf(packageFolder)).toEqual(["libonnxruntime.so.1"]);
  });

  test("an index that has no such wheel is told", async () => {
    mkdirSync(join(folder.path, "index"));
    await expect(installProvider(pair130!, writeCore("1.30.0"))).rejects.toThrow(
      "pip finds no wheel of onnxruntime-gpu==1.30.0 for Python 3.12",
    );
  });

  test("what is interrupted leaves nothing", async () => {
    const packageFolder = writeCore("1.30.0");
    const interruption = new AbortController();
    const installing = installProvider(writeWheel(buildIds), packageFolder, {
      signal: interruption.signal,
      // pip is at work.
      onOutput: () => interruption.abort(),
    });
    await expect(installing).rejects.toThrow("aborted");
    expect(librariesOf(packageFolder)).toEqual(["libonnxruntime.so.1"]);
  });
});

test("without Python, or without its pip, it is told what is missing", async () => {
  vi.stubEnv("PATH", folder.path);
  const packageFolder = writeCore("1.30.0");
  await expect(installProvider(pair130!, packageFolder)).rejects.toThrow("python3 is not installed");
  chmodSync(folder.write("python3", "#!/bin/sh\necho No module named pip >&2\nexit 1\n"), 0o755);
  await expect(installProvider(pair130!, packageFolder)).rejects.toThrow("python3 has no pip");
  expect(librariesOf(packageFolder)).toEqual(["libonnxruntime.so.1"]);
});

test("a core of another version than the provider is left alone", async () => {
  await expect(installProvider(pair130!, writeCore("1.31.0"))).rejects.toThrow(
    "the core in onnxruntime-node is 1.31.0, and the provider 1.30.0: run npm ci",
  );
});

test("a disk that is too small for the wheel is told before anything is downloaded", async () => {
  const wheel = { ...pair130!, wheelBytes: 1e18 };
  await expect(installProvider(wheel, writeCore("1.30.0"))).rejects.toThrow(
    /the disk has \d+ MB left, and the provider/,
  );
});

/** The folder of a package with a core of this version. */
function writeCore(version: string): string {
  const packageFolder = join(folder.path, "onnxruntime-node");
  mkdirSync(librariesIn(packageFolder), { recursive: true });
  writeFileSync(join(packageFolder, "package.json"), JSON.stringify({ version }));
  writeFileSync(join(librariesIn(packageFolder), "libonnxruntime.so.1"), "core");
  return packageFolder;
}

/** Puts a wheel with libraries of these build IDs into the index; tells how it is asked for. */
function writeWheel(libraries: Readonly<Record<string, string>>): ProviderWheel {
  const index = join(folder.path, "index");
  mkdirSync(index);
  const entries = Object.entries(libraries).map(([name, buildId]) => {
    return `onnxruntime/capi/${name}=${folder.write(name, elfLibrary(buildId))}`;
  });
  const information = "onnxruntime_gpu-1.30.0.dist-info";
  const metadata = folder.write("METADATA", "Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: 1.30.0\n");
  const tags = folder.write(
    "WHEEL",
    "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp312-cp312-manylinux_2_28_x86_64\n",
  );
  const wheel = join(index, "onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl");
  const described = [`${information}/METADATA=${metadata}`, `${information}/WHEEL=${tags}`];
  execFileSync("python3", ["-c", zipSource, wheel, ...entries, ...described]);
  const sha256 = createHash("sha256").update(readFileSync(wheel)).digest("hex");
  return { ...pair130!, sha256, wheelBytes: 1, libraryBytes: 1 };
}

function librariesOf(packageFolder: string): string[] {
  const place = librariesIn(packageFolder);
  return existsSync(place) ? readdirSync(place).toSorted() : [];
}
