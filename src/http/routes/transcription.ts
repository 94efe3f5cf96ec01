import multipart from "@fastify/multipart";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { UploadRoom } from "../../admission/upload-room.ts";
import type { Config } from "../../config.ts";
import type { App } from "../app.ts";
import type { AudioUploads } from "../audio-uploads.ts";
import type { Lifecycle } from "../lifecycle.ts";
import { multipartOptions } from "../multipart-upload.ts";
import { runTranscription, type TranscriptionLimits, type TranscriptionRunOptions } from "../transcription-run.ts";
import { addAudioTranscriptionsRoute } from "./audio-transcriptions.ts";
import { addTranscribeRoute } from "./transcribe.ts";

/** What the transcription routes need of the service. */
export interface SpeechDependencies {
  readonly audio: AudioUploads;
  readonly room: UploadRoom;
  readonly limits: (config: Config) => TranscriptionLimits;
}

interface RouteDependencies
  extends SpeechDependencies,
    Pick<TranscriptionRunOptions, "models" | "events" | "expectContinue"> {
  readonly lifecycle: Lifecycle;
}

/** Answers an upload whose parameters `parse` reads; writes to Node's response itself. */
export type TranscriptionHandler = (
  request: FastifyRequest,
  reply: FastifyReply,
  parse: TranscriptionRunOptions["parse"],
) => Promise<void>;

/** Both transcription routes, in a scope of their own: their bodies are passed on as they arrive, not parsed. */
export async function addTranscriptionRoutes(app: App, dependencies: RouteDependencies): Promise<void> {
  const { limits, lifecycle, models, audio, room, expectContinue, events } = dependencies;
  const shared = { models, audio, room, expectContinue, events };
  const handle: TranscriptionHandler = async (request, reply, parse) => {
    const { exchange } = request;
    reply.hijack();
    try {
      const response = reply.raw;
      await runTranscription({ request, response, parse, limits: limits(exchange.config), ...shared });
    } catch (error) {
      lifecycle.answer(exchange, reply.raw, error);
    }
  };
  await app.register(async (scope: App) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _body, done) => done(null));
    await scope.register(multipart, multipartOptions);
    addTranscribeRoute(scope, handle);
    addAudioTranscriptionsRoute(scope, handle);
  });
}
