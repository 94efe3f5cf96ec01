/**
 * Prints what a Voxtral model costs, as `docs/voxtral.md` explains it: weights, operations, memory, and how much of it
 * machines can carry.
 *
 *     npx node tools/voxtral-cost.ts [CONFIG_JSON]
 *
 * The file is a model folder's `config.json`; without it the model is Voxtral-Mini-3B-2507.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { mini3b, parseShape } from "./voxtral-cost/model-shape.ts";
import { report } from "./voxtral-cost/report.ts";

const [file] = process.argv.slice(2);
const shape = file === undefined ? mini3b : parseShape(JSON.parse(readFileSync(file, "utf8")));
console.log(report(shape));
