import type { App } from "../app.ts";
import { parseParameters } from "../parse-parameters.ts";
import { openaiParametersSchema } from "../schemas/transcribe.ts";
import { audioFormContent, transcriptContent } from "../schemas/transcribe-content.ts";
import { transcribeErrors } from "./route-errors.ts";
import { transcribeDescription } from "./transcribe.ts";
import type { TranscriptionHandler } from "./transcription.ts";

/** `POST /v1/audio/transcriptions`: the transcribe task in OpenAI's shape. */
export function addAudioTranscriptionsRoute(app: App, handle: TranscriptionHandler): void {
  app.post(
    "/v1/audio/transcriptions",
    {
      config: {
        isTask: true,
        access: "transcribe",
        isLimited: true,
        audioBody: "form",
        errors: transcribeErrors,
        requestContent: audioFormContent(openaiParametersSchema),
        responseContent: transcriptContent,
      },
      schema: {
        operationId: "createTranscription",
        tags: ["Tasks"],
        summary: "Write down what is said in an audio or video file, in OpenAI's shape",
        description: `For stock OpenAI clients. ${transcribeDescription}`,
        querystring: openaiParametersSchema,
      },
      // The query and the form's fields are checked together, once both are known.
      validatorCompiler: () => (value: unknown) => ({ value }),
    },
    (request, reply) => handle(request, reply, (values) => parseParameters(openaiParametersSchema, values)),
  );
}
