import { stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfFile } from "../model-store/file-digest.ts";
import type { ModelFolder } from "../model-store/model-folder.ts";
import { listedFiles } from "../model-store/model-variants.ts";
import { systemErrorCode } from "../system-error-code.ts";

type ListedFile = ModelFolder["manifest"]["files"][number];

/** A file as it was when it was last looked at. */
interface KnownFile {
  /** Changes whenever the content may have changed. */
  readonly signature: string;
  readonly problem: string | null;
}

/**
 * Whether the files of a folder are still those that were verified when it was opened: the next process reads them again.
 * Only a file that was touched is read.
 */
export class ModelFiles {
  readonly #folder: Pick<ModelFolder, "path" | "manifest">;
  readonly #known = new Map<string, KnownFile>();

  constructor(folder: Pick<ModelFolder, "path" | "manifest">) {
    this.#folder = folder;
  }

  /** What is wrong, by the names of the manifest; empty when nothing is. To be called first when they were verified. */
  async check(): Promise<string> {
    const problems: string[] = [];
    for (const file of listedFiles(this.#folder.manifest)) {
      const problem = await this.#checkFile(file);
      if (problem !== null) {
        problems.push(`${file.path} ${problem}`);
      }
    }
    return problems.join("; ");
  }

  async #checkFile({ path, sha256 }: ListedFile): Promise<string | null> {
    const file = join(this.#folder.path, path);
    try {
      const { size, mtimeMs, ctimeMs, ino } = await stat(file);
      const signature = [size, mtimeMs, ctimeMs, ino].join("/");
      const known = this.#known.get(path);
      if (known?.signature === signature) {
        return known.problem;
      }
      const isIntact = known === undefined || (await sha256OfFile(file)) === sha256;
      const problem = isIntact ? null : "is not what its manifest says any more";
      this.#known.set(path, { signature, problem });
      return problem;
    } catch (error) {
      const problem = `cannot be read (${systemErrorCode(error) ?? "unknown"})`;
      this.#known.set(path, { signature: "", problem });
      return problem;
    }
  }
}
