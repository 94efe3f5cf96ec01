import type { App } from "../app.ts";
import { parseParameters } from "../parse-parameters.ts";
import { transcribeParametersSchema } from "../schemas/transcribe.ts";
import { audioFormContent, rawAudioContent, transcriptContent } from "../schemas/transcribe-content.ts";
import { transcribeErrors } from "./route-errors.ts";
import type { TranscriptionHandler } from "./transcription.ts";

/** `POST /v1/transcribe`: what is said in an audio or video file. */
export function addTranscribeRoute(app: App, handle: TranscriptionHandler): void {
  app.post(
    "/v1/transcribe",
    {
      config: {
        isTask: true,
        access: "transcribe",
        isLimited: true,
        audioBody: "form-or-raw",
        errors: transcribeErrors,
        requestContent: { ...rawAudioContent, ...audioFormContent(transcribeParametersSchema) },
        responseContent: transcriptContent,
      },
      schema: {
        operationId: "transcribe",
        tags: ["Tasks"],
        summary: "Write down what is said in an audio or video file",
        description: transcribeDescription,
        querystring: transcribeParametersSchema,
      },
      // The query and a form's fields are checked together, once both are known.
      validatorCompiler: () => (value: unknown) => ({ value }),
    },
    (request, reply) => handle(request, reply, (values) => parseParameters(transcribeParametersSchema, values)),
  );
}

/** What both routes have in common. */
export const transcribeDescription = [
  "The file may have any length: it is transcribed while it arrives. Parameters may stand in the query or in the fields",
  "of the form, before or after the file; a field wins over the query, and of fields with the same name the last counts.",
  "With `stream=true` words leave as soon as they are known, from the upload's beginning on where all parameters come",
  "before the file. Silence gives an empty transcript.",
  "An answer that is not ready 30 s after the last byte of the upload begins with status 200 and goes on with white space",
  "(JSON, text, SubRip) or comments (WebVTT), so that no client or proxy gives up. Should it fail after that, the",
  "connection closes before the end of the body, so that every HTTP client reports an incomplete answer; in the JSON",
  "formats the last thing sent is the body of the error. A stream tells of it by `event: error` instead.",
  "Unless `X-Request-Timeout-Ms` says otherwise, the deadline is 120 s after the last byte, or 2.5 times the length of",
  "the audio if that is more.",
].join(" ");
