import type { FastifyMultipartBaseOptions, MultipartFile } from "@fastify/multipart";
import type { FastifyRequest } from "fastify";
import { ServiceError } from "../errors.ts";
import type { AudioSession } from "./audio-uploads.ts";
import type { Exchange } from "./exchange.ts";
import { passOn } from "./pass-on.ts";

/** Fields of a form as they were sent; more than one value for a name that ends with `[]` only. */
export type FormFields = Readonly<Record<string, string | string[]>>;

/** The name of the one part that is a file. */
const fileField = "file";

/** Bytes that a form may have beside its file: fields, their headers, boundaries. */
export const formOverheadBytes = 1_048_576;

/** For the plugin. A file's bytes are counted elsewhere: here it may have any number. */
export const multipartOptions: FastifyMultipartBaseOptions = {
  limits: { files: 1, fields: 32, parts: 64, fieldSize: 16_384, headerPairs: 32, fileSize: Number.MAX_SAFE_INTEGER },
  throwFileSizeLimit: false,
  isPartAFile: (name, _contentType, filename) => name === fileField || filename !== undefined,
};

/**
 * Reads a form. When its file begins, `fileBegins` is called with the fields that came before it, and says where the
 * bytes go; the session is told when the file has ended. Resolves with it and all fields when the form has ended.
 * @throws ServiceError `invalid_request` for what is no form with one file; the reason of the exchange's signal when
 * that aborts; `client_closed_request`; what `fileBegins` throws.
 */
export async function receiveForm(
  request: FastifyRequest,
  exchange: Exchange,
  fileBegins: (fields: FormFields) => AudioSession,
): Promise<{ fields: FormFields; session: AudioSession }> {
  const fields: Record<string, string | string[]> = {};
  const parts = request.parts();
  let session: AudioSession | null = null;
  try {
    for (;;) {
      // Later failures of a form that was given up are of no interest: as our own errors they are not reported.
      const next = await exchange.race(parts.next().catch((error: unknown) => Promise.reject(toFormError(error))));
      if (next.done === true) {
        break;
      }
      const part = next.value;
      if (part.type === "file") {
        requireFileField(part);
        session = fileBegins(fields);
        await passOn(part.file, session, exchange.cancellation.signal, toFormError);
        session.end();
      } else if (part.valueTruncated || typeof part.value !== "string") {
        throw new ServiceError("invalid_request", "A field of the form is too long or no text.");
      } else {
        addField(fields, part.fieldname, part.value);
      }
    }
  } finally {
    // Else what is left of the body would wait for a parser that nobody reads from.
    request.raw.unpipe();
  }
  if (session === null) {
    throw new ServiceError("invalid_request", `The form has no file: its field ${fileField} is required.`, {
      param: fileField,
    });
  }
  return { fields, session };
}

function requireFileField({ fieldname }: MultipartFile): void {
  if (fieldname !== fileField) {
    throw new ServiceError("invalid_request", `The file of the form must be its field ${fileField}.`, {
      param: fileField,
    });
  }
}

/** Of fields with the same name the last counts, except for lists. */
function addField(fields: Record<string, string | string[]>, name: string, value: string): void {
  const earlier = fields[name];
  if (earlier !== undefined && name.endsWith("[]")) {
    fields[name] = [earlier, value].flat();
  } else {
    fields[name] = value;
  }
}

/** What the parser says is for programmers, and may quote the form. */
function toFormError(error: unknown): ServiceError {
  const code = error instanceof Error && "code" in error ? error.code : null;
  switch (code) {
    case "FST_MP_PREMATURE_CLOSE":
      return new ServiceError("client_closed_request", "The client closed the connection.");
    case "FST_FILES_LIMIT":
      return new ServiceError("invalid_request", "The form has more than one file.", { param: fileField });
    case "FST_PARTS_LIMIT":
    case "FST_FIELDS_LIMIT":
      return new ServiceError("invalid_request", "The form has too many fields.");
    default:
      return new ServiceError("invalid_request", "The body is not valid multipart/form-data.", { cause: error });
  }
}
