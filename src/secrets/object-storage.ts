import { isIPv4 } from "node:net";
import { type LineRules, lineProblem, type SecretBundle } from "./bundle.ts";
import { Secret } from "./secret.ts";

/** What it takes to reach a bucket. */
export interface ObjectStorageSecrets {
  readonly accessKey: Secret;
  readonly secretKey: Secret;
  readonly bucket: string;
  /** An https URL without credentials, query or fragment. */
  readonly endpoint: string;
}

const maxBytes = 4_096;

const accessKeyRules: LineRules = {
  minLength: 20,
  maxLength: 128,
  allowed: /^[A-Za-z0-9_.-]+$/,
  allowedInWords: "letters, digits, '_', '.' and '-'",
};

const secretKeyRules: LineRules = {
  minLength: 40,
  maxLength: 256,
  allowed: /^[A-Za-z0-9/+=_.~-]+$/,
  allowedInWords: "letters, digits and the characters of base64",
};

const bucketRules: LineRules = {
  minLength: 3,
  maxLength: 63,
  allowed: /^[a-z0-9.-]+$/,
  allowedInWords: "lower-case letters, digits, '.' and '-'",
};

const endpointRules: LineRules = {
  minLength: 1,
  maxLength: 2_048,
  allowed: /^[!-~]+$/,
  allowedInWords: "printable ASCII characters",
};

/** Credentials and place of the object storage that models and jobs use. */
export const objectStorageBundle: SecretBundle<ObjectStorageSecrets> = {
  name: "object_storage",
  title: "object storage configuration",
  fields: [
    {
      name: "accessKey",
      variable: "OBJECT_STORAGE_ACCESS_KEY",
      file: "object-storage-access-key",
      maxBytes,
      problem: (text) => lineProblem(text, accessKeyRules),
    },
    {
      name: "secretKey",
      variable: "OBJECT_STORAGE_SECRET_KEY",
      file: "object-storage-secret-key",
      maxBytes,
      problem: (text) => lineProblem(text, secretKeyRules),
    },
    {
      name: "bucket",
      variable: "OBJECT_STORAGE_BUCKET",
      file: "object-storage-bucket",
      maxBytes,
      problem: (text) => lineProblem(text, bucketRules) ?? bucketProblem(text),
    },
    {
      name: "endpoint",
      variable: "OBJECT_STORAGE_ENDPOINT",
      file: "object-storage-endpoint",
      maxBytes,
      problem: (text) => lineProblem(text, endpointRules) ?? endpointProblem(text),
    },
  ],
  build: (textOf) => ({
    accessKey: new Secret(textOf("accessKey")),
    secretKey: new Secret(textOf("secretKey")),
    bucket: textOf("bucket"),
    endpoint: textOf("endpoint"),
  }),
};

/** Amazon's rules for names of buckets, which the others follow. */
function bucketProblem(text: string): string | null {
  if (!/^[a-z0-9].*[a-z0-9]$/.test(text) || text.includes("..")) {
    return "must begin and end with a letter or digit, and have no two dots in a row";
  }
  return isIPv4(text) ? "must not look like an IP address" : null;
}

function endpointProblem(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || url.protocol !== "https:") {
    return "must be an https URL";
  }
  if (url.username !== "" || url.password !== "") {
    return "must hold no credentials";
  }
  return url.search === "" && url.hash === "" ? null : "must have neither query nor fragment";
}
