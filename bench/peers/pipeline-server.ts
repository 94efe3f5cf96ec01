import { env, pipeline } from "@huggingface/transformers";
import Fastify from "fastify";

/** What a TypeScript user would write today: transformers.js's pipeline behind a Fastify route, one text a request. */

const [models = "", model = "", dtype = "", port = ""] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = models;

const classifier = await pipeline("text-classification", model, { dtype: dtype === "q8" ? "q8" : "fp32" });
const app = Fastify();

app.post<{ Body: { inputs: { classificationInputs: [string] } } }>("/v1/classify", async ({ body }) => {
  const [text] = body.inputs.classificationInputs;
  return { classificationScores: [await classifier(text, { top_k: 2 })] };
});

await app.listen({ port: Number(port), host: "127.0.0.1" });
