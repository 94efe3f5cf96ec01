import type { App, AppDependencies } from "../app.ts";
import { keyErrors } from "./route-errors.ts";

/** `GET /metrics`: Prometheus text. */
export function addMetricsRoute(app: App, metricsText: AppDependencies["metricsText"]): void {
  app.get(
    "/metrics",
    {
      config: { access: "metrics", errors: keyErrors },
      schema: {
        operationId: "metrics",
        tags: ["Operations"],
        summary: "Metrics in Prometheus' text format",
        produces: ["text/plain"],
      },
    },
    async (_request, reply) => {
      const { contentType, body } = await metricsText();
      return reply.type(contentType).send(body);
    },
  );
}
