import { describe, expect, it } from "vitest";
import { z } from "zod";
import { classifyRequestSchema } from "../../../src/http/schemas/classify.ts";
import { moderationRequestSchema } from "../../../src/http/schemas/moderations.ts";
import { validationError } from "../../../src/http/validation-message.ts";

function problemOf(schema: z.ZodType, input: unknown): { message: string; param: string | null } {
  const { error } = schema.safeParse(input);
  if (error === undefined) {
    throw new Error("The input is valid.");
  }
  const { message, param } = validationError(error, input, "The body");
  return { message, param };
}

function classifying(...texts: unknown[]) {
  return { inputs: { classificationInputs: texts } };
}

describe("validationError for /v1/classify", () => {
  it.each([
    [undefined, null, "The body is required."],
    [null, null, "The body must be an object, received null."],
    [[], null, "The body must be an object, received array."],
    [{}, "inputs", "inputs is required."],
    [{ inputs: [] }, "inputs", "inputs must be an object, received array."],
    [{ inputs: {} }, "inputs.classificationInputs", "inputs.classificationInputs is required."],
    [
      { inputs: { classificationInputs: "secret" } },
      "inputs.classificationInputs",
      "inputs.classificationInputs must be an array, received string.",
    ],
    [
      classifying(),
      "inputs.classificationInputs",
      "inputs.classificationInputs must have at least 1 item, received 0.",
    ],
    [
      classifying(...Array.from({ length: 33 }, () => "secret")),
      "inputs.classificationInputs",
      "inputs.classificationInputs must have at most 32 items, received 33.",
    ],
    [
      classifying("a", "b", "c", 7),
      "inputs.classificationInputs[3]",
      "inputs.classificationInputs[3] must be a string, received number.",
    ],
    [classifying("a", ""), "inputs.classificationInputs[1]", "inputs.classificationInputs[1] must not be empty."],
    [classifying("a", " "), "inputs.classificationInputs[1]", "inputs.classificationInputs[1] must not be blank."],
    [
      classifying("secret\ud800"),
      "inputs.classificationInputs[0]",
      "inputs.classificationInputs[0] must be well-formed Unicode, but has a surrogate without its pair.",
    ],
    [
      classifying("é".repeat(10_432)),
      "inputs.classificationInputs[0]",
      "inputs.classificationInputs[0] must have at most 10000 characters, received 10432.",
    ],
    [
      { ...classifying("a"), secret: 1 },
      null,
      "The body has an unknown key; known keys are inputs, extraParams, options.",
    ],
    [
      { inputs: { classificationInputs: ["a"], secret: 1 } },
      "inputs",
      "inputs has an unknown key; known keys are classificationInputs.",
    ],
    [
      { ...classifying("a"), options: { secret: 1 } },
      "options",
      "options has an unknown key; known keys are threshold, timeoutMs.",
    ],
    [{ ...classifying("a"), options: { threshold: 1.5 } }, "options.threshold", "options.threshold must be at most 1."],
    [
      { ...classifying("a"), options: { threshold: Number.POSITIVE_INFINITY } },
      "options.threshold",
      "options.threshold must be a finite number.",
    ],
    [
      { ...classifying("a"), options: { threshold: "secret" } },
      "options.threshold",
      "options.threshold must be a number, received string.",
    ],
    [
      { ...classifying("a"), options: { timeoutMs: 49 } },
      "options.timeoutMs",
      "options.timeoutMs must be at least 50.",
    ],
    [
      { ...classifying("a"), options: { timeoutMs: 50.5 } },
      "options.timeoutMs",
      "options.timeoutMs must be an integer, received number.",
    ],
    [
      { ...classifying("a"), extraParams: { clientId: "secret".repeat(100) } },
      "extraParams.clientId",
      "extraParams.clientId must have at most 256 characters, received 600.",
    ],
    [
      { ...classifying("a"), extraParams: { channel: "sec\nret" } },
      "extraParams.channel",
      "extraParams.channel must not have control characters or characters beyond Latin-1.",
    ],
  ])("says what is wrong with case %#", (input, param, message) => {
    expect(problemOf(classifyRequestSchema, input)).toEqual({ message, param });
    expect(message).not.toMatch(/secret/);
  });

  it.each([
    classifying("a"),
    { ...classifying("a"), extraParams: null, options: null },
    {
      ...classifying("a"),
      extraParams: { clientId: null, unknown: {} },
      options: { threshold: null, timeoutMs: null },
    },
    { ...classifying("a"), extraParams: { "X-B3-TraceId": "malformed", channel: "téléphone" } },
    classifying(...Array.from({ length: 32 }, () => "👍".repeat(10_000))),
  ])("finds nothing wrong with valid case %#", (input) => {
    expect(classifyRequestSchema.safeParse(input).success).toBe(true);
  });

  it("does not look at the items of an array that is too long", () => {
    let looks = 0;
    const items = new Proxy(Array.from({ length: 1_000 }), {
      get: (target, key) => {
        looks += typeof key === "string" && /^\d+$/.test(key) ? 1 : 0;
        return Reflect.get(target, key) as unknown;
      },
    });
    problemOf(classifyRequestSchema, { inputs: { classificationInputs: items } });
    expect(looks).toBe(0);
  });
});

describe("validationError for /v1/moderations", () => {
  it.each([
    [{}, "input", "input is required."],
    [{ input: 1 }, "input", "input must be a string or an array, received number."],
    [{ input: "" }, "input", "input must not be empty."],
    [{ input: [] }, "input", "input must have at least 1 item, received 0."],
    [{ input: Array.from({ length: 33 }, () => "a") }, "input", "input must have at most 32 items, received 33."],
    [{ input: ["a", " "] }, "input[1]", "input[1] must not be blank."],
    [{ input: [1] }, "input[0]", "input[0] must be a string, received number."],
    [{ input: ["a", { type: "text", text: "b" }] }, "input[1]", "input[1] must be a string, received object."],
    [{ input: [{ type: "text", text: "" }] }, "input[0].text", "input[0].text must not be empty."],
    [{ input: [{ type: "image_url", image_url: {} }] }, "input[0].type", "input[0].type must be text."],
    [{ input: "a", model: 1 }, "model", "model must be a string, received number."],
    [{ input: "a", user: "b" }, null, "The body has an unknown key; known keys are input, model."],
  ])("says what is wrong with %j", (input, param, message) => {
    expect(problemOf(moderationRequestSchema, input)).toEqual({ message, param });
  });
});

describe("validationError for any schema", () => {
  it("is silent about details of problems that it does not know", () => {
    expect(problemOf(z.object({ a: z.number().multipleOf(5) }), { a: 4 })).toEqual({
      message: "a is not valid.",
      param: "a",
    });
  });
});
