import { expect, test } from "vitest";
import { missingLibraries, namesInCache } from "../../../../tools/setup-gpu/missing-libraries.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";

test("a listing of the linker's cache names its libraries for this machine, and those for others do not count", () => {
  const listing = [
    "3 libs found in cache `/etc/ld.so.cache'",
    "\tlibcublas.so.13 (libc6,x86-64) => /usr/local/cuda/lib64/libcublas.so.13",
    "\tlibcublas.so.12 (libc6) => /usr/lib/i386-linux-gnu/libcublas.so.12",
    "\tlibc.so.6 (libc6,x86-64, OS ABI: Linux 3.2.0) => /lib/x86_64-linux-gnu/libc.so.6",
  ].join("\n");
  expect([...namesInCache(listing)]).toEqual(["libcublas.so.13", "libc.so.6"]);
});

test("a library is missing that is neither in the cache nor in a folder of the linker's path", async () => {
  using folder = new TemporaryFolder();
  folder.write("libcudnn.so.9", "");
  const names = ["libcudnn.so.9", "libno-such-library.so.1"];
  expect(await missingLibraries(names, `/nowhere::${folder.path}`)).toEqual(["libno-such-library.so.1"]);
  expect(await missingLibraries(names, "")).toContain("libcudnn.so.9");
});
