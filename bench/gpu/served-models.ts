import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { stringify } from "yaml";
import { describeFolder } from "../../src/model-store/describe-folder.ts";
import { modelFolder } from "../project.ts";

/** A folder in the hub's layout that is to be served. */
export interface ServedFolder {
  readonly folder: string;
  /** Of its graphs; other forms of the folder are left out. */
  readonly form: string;
  /** An entry of `config/models.yaml`, but for the folder. */
  readonly entry?: Readonly<Record<string, unknown>>;
}

/** The service always has a model of texts: where none is measured, the repository's, out of the way. */
const quietTexts = { folder: modelFolder, instances: 1, spares: 0, executionProvider: "cpu" };

/** Loading gigabytes and the first run of each graph take a while. Milliseconds. */
const startTimeoutMs = "280000";

/** What a service needs in its environment to serve these folders; removes what it wrote. */
export class ServedModels implements Disposable {
  readonly environment: Readonly<Record<string, string>>;
  readonly #work: string;

  /** Reads each folder's files once, for their digests. `texts` and `speech` become the models of the two routes. */
  static async prepare(models: {
    readonly texts?: ServedFolder;
    readonly speech?: ServedFolder;
  }): Promise<ServedModels> {
    const work = mkdtempSync(join(tmpdir(), "bench-models-"));
    const entries: Record<string, unknown>[] = models.texts === undefined ? [quietTexts] : [];
    for (const [name, model] of Object.entries(models)) {
      const folder = join(work, name);
      await link(name, model, folder);
      // One process, so on one device: that is what is watched, and what its data sheet is for.
      entries.push({ folder, instances: 1, spares: 0, ...model.entry });
    }
    const file = join(work, "models.yaml");
    writeFileSync(file, stringify({ models: entries }));
    return new ServedModels(work, {
      MODELS_FILE: file,
      SERVICE__PROCESSES__START_TIMEOUT_MS: startTimeoutMs,
      ...(models.texts === undefined ? {} : { SERVICE__CLASSIFY__MODEL: "texts" }),
      ...(models.speech === undefined ? {} : { SERVICE__TRANSCRIBE__MODEL: "speech" }),
    });
  }

  private constructor(work: string, environment: Readonly<Record<string, string>>) {
    this.#work = work;
    this.environment = environment;
  }

  [Symbol.dispose](): void {
    rmSync(this.#work, { recursive: true });
  }
}

/** A folder of links to the files of one form, and their manifest. */
async function link(name: string, { folder, form }: ServedFolder, target: string): Promise<void> {
  const description = { name, version: "1.0.0", licence: "unknown", form, partForms: new Map<string, string>() };
  const manifest = await describeFolder(resolve(folder), description);
  for (const { path } of manifest.files) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    symlinkSync(join(resolve(folder), path), join(target, path));
  }
  writeFileSync(join(target, "manifest.json"), JSON.stringify(manifest));
}
