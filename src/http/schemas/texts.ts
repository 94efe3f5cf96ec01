import { z } from "zod";
import { maxTextLength, maxTexts, textProblem } from "../../admission/input-limits.ts";

/** A text to classify. JSON Schema counts characters as code points, as we do; zod counts UTF-16 units. */
export const textSchema = z
  .string()
  .check((context) => {
    const problem = textProblem(context.value);
    if (problem !== null) {
      context.issues.push({ code: "custom", message: problem, input: context.value });
    }
  })
  .meta({
    minLength: 1,
    maxLength: maxTextLength,
    description: "Characters are Unicode code points. Blank texts are refused.",
  });

/**
 * An array of 1 to 32 items. Its length is checked before its items are looked at: zod alone would validate ten
 * thousand items and then say that there are too many.
 */
export function boundedArray<Item extends z.ZodType>(item: Item) {
  return z
    .unknown()
    .check((context) => {
      if (Array.isArray(context.value) && context.value.length > maxTexts) {
        const message = `must have at most ${maxTexts} items, received ${context.value.length}`;
        context.issues.push({ code: "custom", message, input: undefined });
      }
    })
    .pipe(z.array(item).min(1).max(maxTexts));
}
