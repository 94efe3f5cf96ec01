import type { ConfigProblem } from "../config/config-error.ts";
import type { SecretBundle, SecretField } from "./bundle.ts";
import { Secret } from "./secret.ts";
import { readSecretFile } from "./secret-file.ts";
import { placeOf, type SecretPlaces, type Sight } from "./secret-places.ts";

/** What the places hold of one bundle. Problems and warnings name places and never values. */
export interface BundleReading<Value> {
  /** Null when nothing of it is set anywhere, or when something is wrong. */
  readonly contents: BundleContents<Value> | null;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
  /** A part of it is not there. */
  readonly isIncomplete: boolean;
}

export interface BundleContents<Value> {
  readonly value: Value;
  /** What it was made of, to tell whether another reading says the same. */
  readonly texts: ReadonlyMap<string, Secret>;
}

type FieldReading =
  | { readonly kind: "missing" }
  | { readonly kind: "wrong"; readonly place: string; readonly problem: string }
  | { readonly kind: "found"; readonly text: Secret; readonly place: string; readonly warning: string | null };

/** Reads and checks every secret of a bundle, by the same rules wherever it lies. */
export function readBundle<Value>(
  bundle: SecretBundle<Value>,
  places: SecretPlaces,
  sight: Sight,
): BundleReading<Value> {
  const fields = bundle.fields.map((field) => ({ field, reading: readField(field, places, sight) }));
  const problems: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  const texts = new Map<string, Secret>();
  const isSet = fields.some(({ reading }) => reading.kind !== "missing");
  for (const { field, reading } of fields) {
    const key = `${bundle.name}.${field.name}`;
    if (reading.kind === "found") {
      texts.set(field.name, reading.text);
      if (reading.warning !== null) {
        warnings.push({ key, source: reading.place, message: reading.warning });
      }
    } else if (reading.kind === "wrong") {
      problems.push({ key, source: reading.place, message: reading.problem });
    } else if (isSet) {
      problems.push({
        key,
        source: placeOf(field, sight),
        message: "is missing, and others that belong to it are set",
      });
    }
  }
  const isValid = isSet && problems.length === 0;
  return {
    contents: isValid ? { value: bundle.build((name) => reveal(texts.get(name))), texts } : null,
    problems,
    warnings,
    isIncomplete: isSet && fields.some(({ reading }) => reading.kind === "missing"),
  };
}

function readField(field: SecretField, places: SecretPlaces, sight: Sight): FieldReading {
  const variable = places.variables.get(field.variable);
  const path = sight.paths.get(field.name);
  const file = path === undefined ? { kind: "missing" as const } : readSecretFile(path, field.maxBytes);
  if (variable !== undefined && file.kind !== "missing") {
    const problem = `is set here and in ${field.variable}; which one counts cannot be told`;
    return { kind: "wrong", place: path ?? field.variable, problem };
  }
  if (file.kind === "refused") {
    return { kind: "wrong", place: path ?? field.variable, problem: file.problem };
  }
  if (file.kind === "read") {
    return checkText(field, new Secret(file.text), path ?? field.variable, file.warning);
  }
  if (variable !== undefined) {
    return checkText(field, variable, field.variable, null);
  }
  const named = places.files[field.file];
  return named === undefined
    ? file
    : { kind: "wrong", place: named, problem: "is not there, though a setting names it" };
}

function checkText(field: SecretField, text: Secret, place: string, warning: string | null): FieldReading {
  const problem = text.use(field.problem);
  return problem === null ? { kind: "found", text, place, warning } : { kind: "wrong", place, problem };
}

/** Every field was found, or the bundle would not be built. */
function reveal(text: Secret | undefined): string {
  return text?.use((value) => value) ?? "";
}
