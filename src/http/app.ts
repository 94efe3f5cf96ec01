import type { IncomingMessage, Server, ServerResponse } from "node:http";
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteOptions,
} from "fastify";
import type { KeyRing } from "../admission/authentication.ts";
import type { Buckets } from "../admission/bill.ts";
import { BodyMemory } from "../admission/body-memory.ts";
import type { ConcurrencyLimit } from "../admission/concurrency-limit.ts";
import type { Config } from "../config.ts";
import type { EventBus } from "../events.ts";
import type { HealthOverview, HealthReport } from "../health/health-report.ts";
import type { ModelDirectory } from "../tasks/served-model.ts";
import { clientErrorHandler, connectHandler } from "./client-error.ts";
import { Connections } from "./connections.ts";
import { addDocs } from "./docs.ts";
import { Door } from "./door.ts";
import type { DecideSampling } from "./exchange.ts";
import { ExpectContinue } from "./expect-continue.ts";
import { GracefulClose } from "./graceful-close.ts";
import { addHooks } from "./hooks.ts";
import { addJsonBody } from "./json-body-parser.ts";
import { notFound } from "./known-error.ts";
import { Lifecycle } from "./lifecycle.ts";
import { openapiDocument } from "./openapi.ts";
import { requestIdFrom } from "./request-id.ts";
import { RouteTable } from "./route-table.ts";
import { addClassifyRoute } from "./routes/classify.ts";
import { addHealthRoutes } from "./routes/health.ts";
import { addMetricsRoute } from "./routes/metrics.ts";
import { addModelRoutes } from "./routes/models.ts";
import { addModerationsRoute } from "./routes/moderations.ts";
import { addOpenapiRoute } from "./routes/openapi.ts";
import { addTranscriptionRoutes, type SpeechDependencies } from "./routes/transcription.ts";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "./schema-compilers.ts";
import { createHttpServer } from "./server.ts";

export interface AppDependencies {
  /** The configuration of now; a request sees one from start to end. */
  readonly config: () => Config;
  readonly events: EventBus;
  readonly models: ModelDirectory;
  readonly health: {
    live(): HealthReport;
    ready(): HealthReport;
    started(): HealthReport;
    overview(): HealthOverview;
  };
  readonly metricsText: () => Promise<{ contentType: string; body: string }>;
  readonly state: () => "serving" | "draining";
  /** Aborted when a closing app is to wait for nothing more. */
  readonly cutOff: AbortSignal;
  readonly speech: SpeechDependencies;
  /** Task requests that may be in flight. */
  readonly permits: ConcurrencyLimit;
  readonly keys: KeyRing;
  /** Where the buckets of rate limits are kept now. */
  readonly buckets: () => Buckets;
  readonly decideSampling: DecideSampling;
  readonly version: string;
}

/** Fastify with zod's types. */
export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

/** Builds the HTTP edge; whoever calls listens. Server settings are read now, all others at each request. */
export async function createApp(dependencies: AppDependencies): Promise<App> {
  const { server: settings } = dependencies.config();
  const connections = new Connections();
  const lifecycle = new Lifecycle(dependencies, connections);
  const routes: RouteOptions[] = [];
  const routeTable = new RouteTable();
  const door = new Door(dependencies);
  const app: App = fastify({
    serverFactory: (listener) => createHttpServer(settings, listener),
    clientErrorHandler: clientErrorHandler(connections, () => lifecycle.openUnreadable()),
    frameworkErrors: (error, request, reply) => void answerUnreadable(error, request, reply),
    genReqId: ({ headers }) => requestIdFrom(headers["x-request-id"]),
    trustProxy: typeof settings.trustProxy === "boolean" ? settings.trustProxy : [...settings.trustProxy],
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    // Draining is ours: it is announced, refuses tasks only and finishes what was accepted.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    logger: false,
  });
  /** A path that cannot be read leads nowhere, too. */
  const answerUnreadable = async (error: Error, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const exchange = lifecycle.open(request);
    lifecycle.answer(exchange, reply.raw, (await door.countUnknownPath(exchange, request)) ?? error);
  };
  app.server.on(
    "connect",
    connectHandler(
      () => lifecycle.openUnreadable(),
      () => routeTable.methodsFor("*")?.join(", ") ?? "",
    ),
  );
  const gracefulClose = new GracefulClose(app.server, connections, settings.headersTimeoutMs);
  app.addHook("preClose", (done) => {
    gracefulClose.begin();
    done();
  });
  dependencies.cutOff.addEventListener("abort", () => gracefulClose.cutOff(), { once: true });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addHook("onRoute", (route) => {
    routes.push(route);
    routeTable.add(route.url, [route.method].flat());
  });
  addHooks(app, { ...dependencies, lifecycle, routeTable, door });
  const expectContinue = new ExpectContinue(app.server);
  addJsonBody(app, new BodyMemory(settings.bodyLimitBytes), expectContinue);
  app.setNotFoundHandler(() => {
    throw notFound();
  });
  app.setErrorHandler((error, { exchange }, reply) => {
    reply.hijack();
    lifecycle.answer(exchange, reply.raw, error);
  });

  addClassifyRoute(app, dependencies.events);
  addModerationsRoute(app, dependencies.models, dependencies.events);
  await addTranscriptionRoutes(app, { ...dependencies, ...dependencies.speech, lifecycle, expectContinue });
  addModelRoutes(app, dependencies.models, dependencies.speech.limits);
  addHealthRoutes(app, dependencies.health);
  addMetricsRoute(app, dependencies.metricsText);
  const document = addOpenapiRoute(app, () => openapiDocument(routes, dependencies.version));
  await addDocs(app, document);
  await app.ready();
  return app;
}
