/** One secret, and where sources have it. */
export interface SecretField {
  /** Name within its bundle, such as `secretKey`. */
  readonly name: string;
  /** Environment variable that may hold it. */
  readonly variable: string;
  /** Its file in the folder of secrets. */
  readonly file: string;
  readonly maxBytes: number;
  /** What is wrong with a text, as the end of a sentence that starts with its name; null when nothing is. Never quotes it. */
  readonly problem: (text: string) => string | null;
}

/** Secrets that are valid together only and change together. */
export interface SecretBundle<Value> {
  /** As in metrics, such as `object_storage`. */
  readonly name: string;
  /** For messages, such as `object storage configuration`. */
  readonly title: string;
  readonly fields: readonly SecretField[];
  /** The value, of texts in which no field found a problem. */
  readonly build: (textOf: (fieldName: string) => string) => Value;
}

/** Rules for a secret of one line. */
export interface LineRules {
  readonly minLength: number;
  readonly maxLength: number;
  /** What the text must match from its first character to its last. */
  readonly allowed: RegExp;
  /** What `allowed` allows, in words. */
  readonly allowedInWords: string;
}

/** What is wrong with a secret of one line, the reason that helps most first; null when nothing is. */
export function lineProblem(text: string, { minLength, maxLength, allowed, allowedInWords }: LineRules): string | null {
  if (text === "") {
    return "must not be empty";
  }
  if (text !== text.trim()) {
    return "must have no white space around it; look for a line break at its end";
  }
  if (text.length < minLength) {
    return `must have at least ${minLength} characters`;
  }
  if (text.length > maxLength) {
    return `must have at most ${maxLength} characters`;
  }
  return allowed.test(text) ? null : `must consist of ${allowedInWords}`;
}
