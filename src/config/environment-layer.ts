import { z } from "zod";
import { settingsSchema } from "../config.ts";
import type { ConfigProblem } from "./config-error.ts";
import { emptyMapping, isMapping, type LayerReading, type Mapping, type SettingPath } from "./layer.ts";
import { nearestName } from "./nearest-name.ts";

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Names that platforms set by habit; the long name of the same setting wins over them. */
const shortNames = { PORT: "SERVICE__SERVER__PORT", HOST: "SERVICE__SERVER__HOST", LOG_LEVEL: "SERVICE__LOG__LEVEL" };

interface Setting {
  readonly path: readonly string[];
  readonly schema: z.ZodType;
}

/**
 * Settings from variables such as `SERVICE__SCHEDULER__MAX_BATCH_SIZE`: `SERVICE`, then the path of the setting, `__`
 * between levels. An empty variable counts as not set. Lists are comma-separated.
 */
export function readEnvironmentLayer(environment: Environment): LayerReading {
  const settings = settingsByVariable();
  const value = emptyMapping();
  const variableOfKey = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const { variable, longName, text } of assignments(environment)) {
    const setting = settings.get(longName);
    if (setting === undefined) {
      problems.push({ key: null, source: variable, message: unknownVariable(longName, [...settings.keys()]) });
    } else {
      place(value, setting.path, interpret(setting.schema, text));
      variableOfKey.set(setting.path.join("."), variable);
    }
  }
  return {
    layer: { value, sourceOf: (path) => variableThatSets(path, variableOfKey) },
    problems,
  };
}

/** Every setting by the name of its variable, in the order of the schema. */
function settingsByVariable(): Map<string, Setting> {
  const settings = new Map<string, Setting>();
  const visit = (schema: z.ZodType, path: readonly string[]): void => {
    if (schema instanceof z.ZodObject) {
      for (const [key, inner] of Object.entries(schema.shape)) {
        visit(inner as z.ZodType, [...path, key]);
      }
    } else {
      settings.set(["SERVICE", ...path.map(toScreamingSnake)].join("__"), { path, schema });
    }
  };
  visit(settingsSchema, []);
  return settings;
}

function toScreamingSnake(key: string): string {
  return key.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toUpperCase();
}

/** Short names first, so that what a long name sets replaces them. */
function assignments(environment: Environment): { variable: string; longName: string; text: string }[] {
  const short = Object.entries(shortNames).map(([variable, longName]) => ({ variable, longName }));
  const long = Object.keys(environment)
    .filter((variable) => variable.startsWith("SERVICE__"))
    .map((variable) => ({ variable, longName: variable }));
  return [...short, ...long]
    .map((name) => ({ ...name, text: (environment[name.variable] ?? "").trim() }))
    .filter(({ text }) => text !== "");
}

function unknownVariable(variable: string, known: readonly string[]): string {
  const section = known.find((name) => name.startsWith(`${variable}__`));
  if (section !== undefined) {
    return `names a section; set one key of it, such as ${section}`;
  }
  if (/^SERVICE__MODELS(__|$)/.test(variable)) {
    return "models are not set through the environment; name a file with MODELS_FILE";
  }
  const likely = nearestName(variable, known);
  return likely === null ? "names no setting" : `names no setting; did you mean ${likely}?`;
}

function place(target: Mapping, path: readonly string[], value: unknown): void {
  let section = target;
  for (const key of path.slice(0, -1)) {
    const inner = section[key];
    const next = isMapping(inner) ? inner : emptyMapping();
    section[key] = next;
    section = next;
  }
  section[path.at(-1) ?? ""] = value;
}

/** The variable of the setting itself, or of the list that the path leads into. */
function variableThatSets(path: SettingPath, variableOfKey: ReadonlyMap<string, string>): string | null {
  for (let length = path.length; length > 0; length--) {
    const variable = variableOfKey.get(path.slice(0, length).map(String).join("."));
    if (variable !== undefined) {
      return variable;
    }
  }
  return null;
}

/** The text as the type that the schema expects; text that does not fit stays text, which the schema then refuses. */
function interpret(schema: z.ZodType, text: string): unknown {
  if (schema instanceof z.ZodUnion) {
    const options = schema.options.map((option) => ({
      option: option as z.ZodType,
      value: interpret(option as z.ZodType, text),
    }));
    return options.find(({ option, value }) => option.safeParse(value).success)?.value ?? text;
  }
  if (schema instanceof z.ZodArray) {
    const element = schema.element as z.ZodType;
    return text.split(",").map((item) => interpret(element, item.trim()));
  }
  if (schema instanceof z.ZodBoolean) {
    return text === "true" ? true : text === "false" ? false : text;
  }
  if (schema instanceof z.ZodNumber) {
    return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  }
  return text;
}
