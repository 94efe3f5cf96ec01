import { chmodSync, mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

/** Files by their names. */
export type Files = Readonly<Record<string, string>>;

/** A folder of secrets as Kubernetes mounts it: `name → ..data/name`, `..data → ..version`. */
export class MountedSecrets implements Disposable {
  readonly #folder = new TemporaryFolder();

  constructor(files: Files) {
    mkdirSync(join(this.path, "..version_0"));
    symlinkSync("..version_0", join(this.path, "..data"));
    this.update(files);
    for (const name of Object.keys(files)) {
      symlinkSync(join("..data", name), join(this.path, name));
    }
  }

  get path(): string {
    return this.#folder.path;
  }

  update(files: Files): void {
    swapSecrets(this.path, files);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** Writes a new version, renames a link to it over `..data`, and removes the old version, as the kubelet does. */
export function swapSecrets(folder: string, files: Files): void {
  const old = readlinkSync(join(folder, "..data"));
  const next = `..version_${Number(old.replaceAll(/\D/g, "")) + 1}`;
  mkdirSync(join(folder, next));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, next, name), text);
    chmodSync(join(folder, next, name), 0o440);
  }
  symlinkSync(next, join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  rmSync(join(folder, old), { recursive: true });
}

/** Valid credentials that tell the number. */
export function storageFiles(number: number): Files {
  return {
    "object-storage-access-key": `ACCESS${number}`.padEnd(20, "A"),
    "object-storage-secret-key": `SECRET${number}`.padEnd(40, "S"),
    "object-storage-bucket": `bucket-${number}`,
    "object-storage-endpoint": "https://storage.example",
  };
}
