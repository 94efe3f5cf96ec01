import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type YAMLError,
} from "yaml";
import { systemErrorCode } from "../system-error-code.ts";
import type { ConfigProblem } from "./config-error.ts";
import { emptyMapping, isMapping, type LayerReading, type Mapping, type SettingPath } from "./layer.ts";

const maxFileBytes = 1_048_576;
/** Uses of anchors that one file may expand to; a file of settings needs none. */
const maxAliases = 32;
const writableByOthers = 0o002;

/** Reads one YAML file of settings. It must be a regular file that others cannot write, and hold one mapping. */
export function readYamlLayer(path: string): LayerReading {
  const name = displayName(path);
  const content = readContent(path);
  if ("problem" in content) {
    return failed(name, content.problem);
  }
  const lines = new LineCounter();
  const document = parseDocument(content.text, { lineCounter: lines, prettyErrors: false });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return {
      layer: null,
      problems: faults.map((fault) => parseProblem(fault, `${name}:${lineAt(lines, fault.pos[0])}`)),
    };
  }
  const value = toPlainValue(document);
  if ("problem" in value) {
    return failed(name, value.problem);
  }
  const sourceOf = (settingPath: SettingPath): string | null => {
    const offset = offsetOf(document, settingPath);
    return offset === null ? null : `${name}:${lineAt(lines, offset)}`;
  };
  return { layer: { value: value.mapping, sourceOf }, problems: [] };
}

function displayName(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith("..") ? path : fromHere;
}

function failed(source: string, message: string): LayerReading {
  return { layer: null, problems: [{ key: null, source, message }] };
}

function readContent(path: string): { text: string } | { problem: string } {
  let descriptor: number;
  try {
    // O_NONBLOCK: opening a pipe that nobody writes would wait for ever.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { problem: `cannot be opened (${systemErrorCode(error)})` };
  }
  try {
    const facts = fstatSync(descriptor);
    if (!facts.isFile()) {
      return { problem: "is not a regular file" };
    }
    if ((facts.mode & writableByOthers) !== 0) {
      return { problem: "is writable by others; run `chmod o-w` on it" };
    }
    if (facts.size > maxFileBytes) {
      return { problem: `is larger than ${maxFileBytes} bytes` };
    }
    return decode(readFileSync(descriptor));
  } catch (error) {
    return { problem: `cannot be read (${systemErrorCode(error)})` };
  } finally {
    closeSync(descriptor);
  }
}

function decode(bytes: Buffer): { text: string } | { problem: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    // The one reason for which a fatal decoder throws.
    return { problem: "is not valid UTF-8" };
  }
}

/** The parser's own messages may quote the file, so only their code is passed on. */
function parseProblem(fault: YAMLError, source: string): ConfigProblem {
  const message = fault.code === "DUPLICATE_KEY" ? "names a key twice" : `does not parse as YAML (${fault.code})`;
  return { key: null, source, message };
}

function lineAt(lines: LineCounter, offset: number): number {
  return lines.linePos(offset).line;
}

function toPlainValue(document: Document): { mapping: Mapping } | { problem: string } {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: maxAliases });
  } catch {
    // Thrown for nothing else once the document has parsed without faults.
    return { problem: "expands more aliases than allowed" };
  }
  // A file in which every line is a comment sets nothing.
  const mapping = value === null ? emptyMapping() : withoutPrototypes(value);
  return isMapping(mapping) ? { mapping } : { problem: "must be a mapping of settings" };
}

function withoutPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutPrototypes);
  }
  if (!isMapping(value)) {
    return value;
  }
  const mapping = emptyMapping();
  for (const [key, item] of Object.entries(value)) {
    mapping[key] = withoutPrototypes(item);
  }
  return mapping;
}

/** Offset of the key, or of the list item, that sets the path; null when the document has no such path. */
function offsetOf(document: Document, path: SettingPath): number | null {
  let node: unknown = document.contents;
  let offset: number | null = null;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);
      if (pair === undefined) {
        return null;
      }
      offset = startOf(pair.key);
      node = pair.value;
    } else if (isSeq(node) && typeof key === "number") {
      node = node.items[key];
      offset = startOf(node);
    } else {
      return null;
    }
  }
  return offset;
}

function startOf(node: unknown): number | null {
  return isNode(node) ? (node.range?.[0] ?? null) : null;
}
