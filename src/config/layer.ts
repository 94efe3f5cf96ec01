import type { ConfigProblem } from "./config-error.ts";

/** Path of a setting, such as `["server", "port"]`. */
export type SettingPath = readonly PropertyKey[];

/** Settings from one place: a file, or the environment. Layers are laid over each other. */
export interface Layer {
  readonly value: Mapping;
  /** Where this layer sets the path, such as `config/site.yaml:3`; null when it does not. */
  sourceOf(path: SettingPath): string | null;
}

/** A mapping without a prototype, so that no key of it means more than it says. */
export type Mapping = { [key: string]: unknown };

/** What reading one layer gave: the layer, unless it could not be read at all, and what is wrong with it. */
export interface LayerReading {
  readonly layer: Layer | null;
  readonly problems: readonly ConfigProblem[];
}

/** Lays the layers over each other, the last on top: mappings are merged, everything else is replaced whole. */
export function mergeLayers(layers: readonly Layer[]): Mapping {
  return layers.reduce((merged, layer) => mergeMappings(merged, layer.value), emptyMapping());
}

export function emptyMapping(): Mapping {
  return Object.create(null) as Mapping;
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Where the path was set last, or else the nearest section around it; null when no layer has any of it. */
export function sourceOfPath(layers: readonly Layer[], path: SettingPath): string | null {
  for (let length = path.length; length > 0; length--) {
    for (const layer of layers.toReversed()) {
      const source = layer.sourceOf(path.slice(0, length));
      if (source !== null) {
        return source;
      }
    }
  }
  return null;
}

function mergeMappings(below: Mapping, above: Mapping): Mapping {
  const merged = Object.assign(emptyMapping(), below);
  for (const [key, value] of Object.entries(above)) {
    const underneath = merged[key];
    merged[key] = isMapping(underneath) && isMapping(value) ? mergeMappings(underneath, value) : value;
  }
  return merged;
}
