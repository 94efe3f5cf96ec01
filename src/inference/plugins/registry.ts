import { pathToFileURL } from "node:url";
import type { Plugin } from "../plugin.ts";
import { plugin as camembert } from "./camembert.ts";
import { plugin as voxtral } from "./voxtral.ts";
import { plugin as whisper } from "./whisper.ts";

const builtIn: readonly Plugin[] = [camembert, voxtral, whisper];

/**
 * The plugin of that name: one of `modules` first, so that configuration can replace a family, then a built-in one.
 * @throws Error that lists the known names.
 */
export async function findPlugin(name: string, modules: readonly string[]): Promise<Plugin> {
  const plugins = [...(await Promise.all(modules.map(importPlugin))), ...builtIn];
  const found = plugins.find((plugin) => plugin.name === name);
  if (found === undefined) {
    throw new Error(`no plugin is named "${name}"; known: ${plugins.map((plugin) => plugin.name).join(", ")}`);
  }
  return found;
}

async function importPlugin(file: string): Promise<Plugin> {
  const module: unknown = await import(pathToFileURL(file).href);
  if (typeof module !== "object" || module === null || !("plugin" in module)) {
    throw new Error(`${file} exports no "plugin"`);
  }
  return module.plugin as Plugin;
}
