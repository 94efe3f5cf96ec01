import swagger, { type StaticDocumentSpec } from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { addressGroup } from "../admission/address-group.ts";
import { ConcurrencyLimit } from "../admission/concurrency-limit.ts";
import { ServiceError } from "../errors.ts";
import type { App } from "./app.ts";

/**
 * Answers under way at a time. What their clients do not read lies in the memory of the system, megabytes for each; a
 * browser asks for half a dozen at once.
 */
const maxConcurrentAnswers = 32;

/** Everything comes from this service, so that the page works without the internet. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "base-uri 'none'",
  "connect-src 'self'",
  "font-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "img-src 'self' data:",
  "script-src 'self'",
  "style-src 'self'",
].join("; ");

/** `GET /docs`: the OpenAPI document as a page. */
export async function addDocs(app: App, document: Record<string, unknown>): Promise<void> {
  app.addHook("onRoute", (route) => {
    // Its scripts are megabytes.
    route.config = { ...route.config, isLimited: true };
  });
  await app.register(async (scope: App) => {
    limitAnswers(scope);
    await scope.register(swagger, {
      mode: "static",
      // Its type knows OpenAPI 2 and 3.0 only; it passes the document on as it is.
      specification: { document: document as unknown as StaticDocumentSpec["document"] },
    });
    await scope.register(swaggerUi, {
      routePrefix: "/docs",
      staticCSP: contentSecurityPolicy,
      theme: { title: "Guardrail API" },
      // Without the bar that loads other documents.
      uiConfig: { layout: "BaseLayout" },
    });
  });
}

function limitAnswers(scope: App): void {
  const answers = new ConcurrencyLimit(() => maxConcurrentAnswers);
  scope.addHook("onRequest", async ({ ip }, { raw }) => {
    const permit = answers.tryAcquire(addressGroup(ip));
    if (permit === null) {
      throw new ServiceError("overloaded", "Too many pages of the documentation are being sent; try again later.", {
        retryAfterMs: answers.retryAfterMs,
      });
    }
    raw.once("close", () => permit.release());
  });
}
