import type { z } from "zod";
import type { HealthReport } from "../../health/health-report.ts";
import type { App, AppDependencies } from "../app.ts";
import { healthOverviewSchema, healthQuerySchema, healthResponseSchema } from "../schemas/health.ts";
import { commonErrors } from "./route-errors.ts";

/**
 * The probes of Kubernetes: `/livez` (restart me if not), `/readyz` (send me requests), `/startupz` (I have begun); and
 * `/health`, which tells people everything and has the status of `/readyz`.
 */
export function addHealthRoutes(app: App, health: AppDependencies["health"]): void {
  addHealthRoute(app, "/livez", "Whether the process is alive", () => health.live());
  addHealthRoute(app, "/readyz", "Whether requests are taken", () => health.ready());
  addHealthRoute(app, "/startupz", "Whether the start is over", () => health.started());
  app.get(
    "/health",
    {
      config: { errors: commonErrors },
      schema: {
        operationId: "health",
        tags: ["Operations"],
        summary: "What is known of the machine and the models",
        response: { 200: healthOverviewSchema, 503: healthOverviewSchema },
      },
    },
    (_request, reply) => {
      const overview = health.overview();
      reply.code(overview.status === "ok" ? 200 : 503);
      // Nobody writes to it: the schema's types just do not say so.
      return overview as z.input<typeof healthOverviewSchema>;
    },
  );
}

function addHealthRoute(app: App, path: `/${string}`, summary: string, report: () => HealthReport): void {
  app.get(
    path,
    {
      config: { errors: commonErrors },
      schema: {
        operationId: path.slice(1),
        tags: ["Operations"],
        summary,
        querystring: healthQuerySchema,
        response: { 200: healthResponseSchema, 503: healthResponseSchema },
      },
    },
    ({ query }, reply) => {
      const { status, checks } = report();
      const isVerbose = query.verbose !== undefined && query.verbose !== "0";
      reply.code(status === "ok" ? 200 : 503);
      return isVerbose ? { status, checks: checks.map((check) => ({ ...check })) } : { status };
    },
  );
}
