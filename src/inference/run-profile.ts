import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deviceOf, parseNodeRuns } from "./node-placement.ts";

/** What ONNX Runtime writes down of a session's first run, in a folder of its own. */
export class RunProfile {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws Error when the disk for temporary files takes none. */
  static async create(): Promise<RunProfile> {
    return new RunProfile(await mkdtemp(join(tmpdir(), "run-profile-")));
  }

  /** Options with which the session is to be created. */
  get options(): { readonly enableProfiling: true; readonly profileFilePrefix: string } {
    return { enableProfiling: true, profileFilePrefix: join(this.#folder, "run") };
  }

  /**
   * The execution provider that did the work, once profiling has ended. The files are gone then.
   * @throws Error as `deviceOf` does, and when there is no profile.
   */
  async device(): Promise<string> {
    try {
      const [file, ...others] = await readdir(this.#folder);
      if (file === undefined || others.length > 0) {
        throw new Error("ONNX Runtime wrote no profile of the run");
      }
      return deviceOf(parseNodeRuns(await readFile(join(this.#folder, file), "utf8")));
    } finally {
      await this.discard();
    }
  }

  /** For a session that is not used after all. */
  async discard(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
