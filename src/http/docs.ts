import swagger, { type StaticDocumentSpec } from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { App } from "./app.ts";

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
  await app.register(swagger, {
    mode: "static",
    // Its type knows OpenAPI 2 and 3.0 only; it passes the document on as it is.
    specification: { document: document as unknown as StaticDocumentSpec["document"] },
  });
  await app.register(swaggerUi, {
    routePrefix: "/docs",
    staticCSP: contentSecurityPolicy,
    theme: { title: "Guardrail API" },
    // Without the bar that loads other documents.
    uiConfig: { layout: "BaseLayout" },
  });
}
