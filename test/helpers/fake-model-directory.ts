import type { ModelDirectory, ServedModel } from "../../src/tasks/served-model.ts";

/** A directory of the given models; tests may change the list. */
export class FakeModelDirectory implements ModelDirectory {
  models: ServedModel[];

  constructor(...models: ServedModel[]) {
    this.models = models;
  }

  list(): readonly ServedModel[] {
    return this.models;
  }

  find(name: string): ServedModel | null {
    return this.models.find(({ identity }) => identity.name === name) ?? null;
  }
}
