import type { SecretBundle } from "../../secrets/bundle.ts";
import { type KeyRecords, parseKeyRecords } from "./key-records.ts";

/** The records of all keys, one file. */
export const apiKeysBundle: SecretBundle<KeyRecords> = {
  name: "api_keys",
  title: "API key configuration",
  fields: [
    {
      name: "records",
      variable: "API_KEYS",
      file: "api-keys",
      maxBytes: 16_777_216,
      problem: (text) => {
        const parsed = parseKeyRecords(text);
        return "problem" in parsed ? parsed.problem : null;
      },
    },
  ],
  build: (textOf) => {
    const parsed = parseKeyRecords(textOf("records"));
    // Only texts without a problem come here.
    return "records" in parsed ? parsed.records : new Map();
  },
};
