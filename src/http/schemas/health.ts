import { z } from "zod";

const statusSchema = z.enum(["ok", "fail"]);

export const healthQuerySchema = z.object({
  verbose: z.string().optional().meta({ description: "1 adds the checks." }),
});

const checkShape = { status: statusSchema, detail: z.string(), since: z.string() };

export const healthOverviewSchema = z
  .strictObject({
    status: statusSchema,
    checks: z.record(z.string(), z.strictObject(checkShape)),
    sandbox: z.array(z.string()).meta({ description: "Layers of the sandbox in which audio is decoded." }),
  })
  .meta({ id: "HealthOverview" });

export const healthResponseSchema = z
  .strictObject({
    status: statusSchema,
    checks: z.array(z.strictObject({ name: z.string(), ...checkShape })).optional(),
  })
  .meta({ id: "Health" });
