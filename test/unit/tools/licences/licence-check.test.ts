import { expect, test } from "vitest";
import { projectRoot } from "../../../../src/config/load-config.ts";
import { checkLicences } from "../../../../tools/licences/licence-check.ts";
import { allowedLicences, licenceExceptions } from "../../../../tools/licences/licence-policy.ts";
import { type ProductionPackage, productionPackages } from "../../../../tools/licences/production-packages.ts";

const allowed = new Set(["MIT", "Apache-2.0", "BSD-3-Clause"]);

test("every production dependency has an allowed licence, or an exception with its reason", () => {
  const { problems } = checkLicences(productionPackages(projectRoot), allowedLicences, licenceExceptions);
  expect(problems).toEqual([]);
});

test("GPL, AGPL, LGPL and unlicensed packages are not allowed", () => {
  for (const licence of ["GPL-3.0-or-later", "AGPL-3.0-only", "LGPL-2.1+", "UNLICENSED", "SSPL-1.0", ""]) {
    expect(problemsOf({ declaredLicence: licence })).toHaveLength(1);
  }
});

test("of a choice one allowed licence is enough; of licences that hold together all must be allowed", () => {
  expect(problemsOf({ declaredLicence: "(GPL-2.0-only OR MIT)" })).toEqual([]);
  expect(problemsOf({ declaredLicence: "MIT AND GPL-2.0-only" })).toHaveLength(1);
  expect(problemsOf({ declaredLicence: "(MIT OR GPL-2.0-only) AND (Apache-2.0 WITH LLVM-exception)" })).toEqual([]);
  expect(problemsOf({ declaredLicence: "MIT OR (GPL-2.0-only AND Apache-2.0)" })).toEqual([]);
});

test("what is no SPDX expression is a problem, and so is a manifest without a licence", () => {
  for (const declaredLicence of ["SEE LICENSE IN LICENSE.md", "MIT or so", "Apache 2.0", null]) {
    expect(problemsOf({ declaredLicence })).toHaveLength(1);
  }
});

test("an exception holds for an optional package that declares what it was made for, and for no other", () => {
  const exceptions = [{ packages: /^codec$/, declared: "MIT", actual: "GPL-3.0-only", reason: "left out" }];
  const check = (changes: Partial<ProductionPackage>) =>
    checkLicences(
      [packageOf({ name: "codec", declaredLicence: "MIT", isOptional: true, ...changes })],
      allowed,
      exceptions,
    );
  expect(check({}).problems).toEqual([]);
  expect([...check({}).excepted.keys()]).toEqual(["codec"]);
  expect(check({ isOptional: false }).problems).toHaveLength(1);
  expect(check({ declaredLicence: "Apache-2.0" }).problems).toHaveLength(1);
  expect(check({ name: "codec-two", declaredLicence: "GPL-3.0-only" }).problems).toHaveLength(1);
});

test("a problem names the package, its version and its folder", () => {
  expect(problemsOf({ name: "left-pad", version: "1.2.3", declaredLicence: "GPL-3.0-only" })).toEqual([
    "left-pad@1.2.3 (node_modules/some-package): GPL-3.0-only is not on the list of allowed licences",
  ]);
});

function problemsOf(changes: Partial<ProductionPackage>): readonly string[] {
  return checkLicences([packageOf(changes)], allowed, []).problems;
}

function packageOf(changes: Partial<ProductionPackage>): ProductionPackage {
  return {
    name: "some-package",
    version: "1.0.0",
    declaredLicence: "MIT",
    folder: "node_modules/some-package",
    isOptional: false,
    ...changes,
  };
}
