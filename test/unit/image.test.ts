import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../src/config/load-config.ts";
import { cudaProviderFile, providerBuild } from "../../src/hardware/onnx-runtime-facts.ts";
import { providerWheels } from "../../tools/setup-gpu/provider-wheel.ts";

const files = ["Dockerfile", "Dockerfile.cuda"] as const;

test("the image runs the service as a user that is not root and can write none of its files", () => {
  for (const file of files) {
    const dockerfile = read(file);
    const finalStage = finalStageOf(file);
    expect(finalStage).toMatch(/^USER 1000:1000$/m);
    expect(dockerfile).toMatch(/^RUN chmod -R a\+rX,go-w \.$/m);
    // After the last copy into it, and owned by root: a copy with --chown would not be.
    expect(finalStage).toMatch(/^COPY --from=build \/app \.\/$/m);
    expect(dockerfile).not.toContain("--chown");
  }
});

test("no install script of a dependency runs while the image is built, and no secret goes into it", () => {
  for (const dockerfile of files.map(read)) {
    for (const install of dockerfile.match(/npm (?:ci|install)\b.*/g) ?? []) {
      expect(install).toContain("--ignore-scripts");
    }
    expect(dockerfile).not.toMatch(/^(?:ARG|ENV) .*(?:KEY|TOKEN|SECRET|PASSWORD)/m);
  }
});

test("both images are built with the Node of .node-version, and run the service alike", () => {
  const [major] = read(".node-version").trim().split(".");
  const [ordinary, cuda] = files.map((file) => {
    expect(read(file)).toContain(`FROM node:${major}-slim AS build\n`);
    const instructions = finalStageOf(file).match(
      /^(?:ENV|WORKDIR|ENTRYPOINT|USER|EXPOSE|HEALTHCHECK|CMD) .*(?:\\\n.*)*$/gm,
    );
    return { instructions, packages: /apt-get install .*/.exec(finalStageOf(file))?.[0] };
  });
  expect(ordinary?.instructions).toHaveLength(7);
  expect(cuda).toEqual(ordinary);
  expect(finalStageOf("Dockerfile")).toMatch(new RegExp(`^\\nFROM node:${major}-slim\\n`));
  expect(finalStageOf("Dockerfile.cuda")).toMatch(
    /^COPY --from=build \/usr\/local\/bin\/node \/usr\/local\/bin\/node$/m,
  );
});

test("process 1 of the images reaps what sandboxes leave behind", () => {
  for (const finalStage of files.map(finalStageOf)) {
    expect(finalStage).toMatch(/apt-get install .* tini /);
    expect(finalStage).toMatch(/^ENTRYPOINT \["tini", "--"\]$/m);
  }
});

test("the ordinary image leaves out what is optional; that for GPUs takes of it the ONNX Runtime whose provider it brings", () => {
  const { optionalDependencies } = JSON.parse(read("package.json")) as { optionalDependencies: Record<string, string> };
  expect(read("Dockerfile")).toContain("npm ci --omit=dev --omit=optional");
  const deleted = /npm pkg delete (.*) \\$/m.exec(read("Dockerfile.cuda"))?.[1]?.split(" ") ?? [];
  const kept = Object.keys(optionalDependencies).filter((name) => !deleted.includes(`optionalDependencies.${name}`));
  const pair = /setup:gpu -- --pair (\S+)/.exec(read("Dockerfile.cuda"))?.[1];
  expect(kept).toEqual([providerWheels.find((wheel) => wheel.pair === pair)?.packageName]);
});

test("the base of the image for GPUs is the CUDA that its provider is made for, with cuDNN 9", () => {
  const wheel = providerWheels.find(({ packageName }) => packageName === "onnxruntime-node-cuda");
  const cuda = providerBuild(wheel?.libraries[cudaProviderFile] ?? null)?.cuda;
  expect(finalStageOf("Dockerfile.cuda")).toMatch(
    new RegExp(`^\\nFROM nvidia/cuda:${cuda}\\.\\d+-cudnn-runtime-ubuntu24\\.04\\n`),
  );
  expect(wheel?.needs).toContain("libcudnn.so.9");
});

test("everything that the images copy is let into their build", () => {
  const ignored = read(".dockerignore");
  for (const [, sources = ""] of files.flatMap((file) => [...read(file).matchAll(/^COPY (?!--from)(.+) \.\S*$/gm)])) {
    for (const source of sources.split(" ")) {
      expect(ignored).toMatch(new RegExp(`^!${source.replace(".", "\\.")}(/|$)`, "m"));
    }
  }
});

test("the README starts the container read-only, without capabilities and without new privileges", () => {
  const commands = read("README.md").match(/^docker run .*$/gm) ?? [];
  expect(commands).toHaveLength(files.length);
  for (const command of commands) {
    for (const option of ["--read-only", "--cap-drop ALL", "--security-opt no-new-privileges"]) {
      expect(command).toContain(option);
    }
  }
});

function read(file: string): string {
  return readFileSync(join(projectRoot, file), "utf8");
}

function finalStageOf(file: (typeof files)[number]): string {
  const dockerfile = read(file);
  return dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
}
