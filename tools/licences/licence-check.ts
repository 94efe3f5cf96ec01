import parse from "spdx-expression-parse";
import type { LicenceException } from "./licence-policy.ts";
import type { ProductionPackage } from "./production-packages.ts";

export interface LicenceCheck {
  /** One line per package that must not be there as it is. */
  readonly problems: readonly string[];
  /** How many packages declare which licence, the most frequent first. */
  readonly counts: ReadonlyMap<string, number>;
  /** The packages that an exception holds for. */
  readonly excepted: ReadonlyMap<string, LicenceException>;
}

/** Judges every package by the licence that its manifest declares, or by its exception. */
export function checkLicences(
  packages: readonly ProductionPackage[],
  allowed: ReadonlySet<string>,
  exceptions: readonly LicenceException[],
): LicenceCheck {
  const excepted = new Map<string, LicenceException>();
  const problems: string[] = [];
  for (const each of packages) {
    const exception = exceptions.find((candidate) => candidate.packages.test(each.name));
    if (exception !== undefined) {
      excepted.set(each.name, exception);
    }
    const problem =
      exception === undefined ? licenceProblem(each.declaredLicence, allowed) : exceptionProblem(each, exception);
    if (problem !== null) {
      problems.push(`${each.name}@${each.version} (${each.folder}): ${problem}`);
    }
  }
  return { problems, counts: countByLicence(packages), excepted };
}

/** Null when the expression leaves a way to comply that is on the list; else what is wrong with it. */
function licenceProblem(expression: string | null, allowed: ReadonlySet<string>): string | null {
  if (expression === null) {
    return "its manifest names no licence";
  }
  let parsed: parse.Info;
  try {
    parsed = parse(expression);
  } catch {
    return `"${expression}" is no SPDX expression`;
  }
  return isAllowed(parsed, allowed) ? null : `${expression} is not on the list of allowed licences`;
}

function exceptionProblem(each: ProductionPackage, { declared, actual }: LicenceException): string | null {
  if (each.declaredLicence !== declared) {
    return `its exception was made for ${declared ?? "no licence"}, and it declares ${each.declaredLicence ?? "none"}`;
  }
  if (!each.isOptional) {
    return `${actual} is excepted for optional packages only, and the service needs this one`;
  }
  return null;
}

/** Of a choice, one side is enough; what holds together must be allowed together. */
function isAllowed(info: parse.Info, allowed: ReadonlySet<string>): boolean {
  if ("conjunction" in info) {
    const [left, right] = [isAllowed(info.left, allowed), isAllowed(info.right, allowed)];
    return info.conjunction === "or" ? left || right : left && right;
  }
  // "Or a later version" holds the version itself; an exception only adds permissions.
  return allowed.has(info.license);
}

function countByLicence(packages: readonly ProductionPackage[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { declaredLicence } of packages) {
    const key = declaredLicence ?? "none";
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return new Map([...counts].toSorted(([, a], [, b]) => b - a));
}
