import { fileURLToPath } from "node:url";
import { ChildProgram, freePort } from "../../child-program.ts";
import { modelFolder, quantizedOnnxFile } from "../../project.ts";
import type { PythonNeeds } from "../python.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

export const flaskNeeds: PythonNeeds = {
  name: "flask",
  requirements: `${folder}requirements.txt`,
  modules: ["flask", "gunicorn", "onnxruntime", "tokenizers"],
};

/** Flask's own threaded server, one session that uses all cores: what `python app.py` gives. */
export async function startFlask(python: string): Promise<ChildProgram> {
  const port = await freePort();
  return startPython(port, "0", [python, `${folder}app.py`, String(port)]);
}

/** gunicorn with a worker per core, each with a session of one thread and keep-alive connections. */
export async function startGunicorn(python: string, workers: number): Promise<ChildProgram> {
  const port = await freePort();
  const server = ["--worker-class", "gthread", "--threads", "2", "--workers", String(workers)];
  const address = ["--bind", `127.0.0.1:${port}`, "--chdir", folder];
  return startPython(port, "1", [python, "-m", "gunicorn", ...server, ...address, "app:create_app()"]);
}

function startPython(port: number, intraOpThreads: string, command: readonly string[]): Promise<ChildProgram> {
  return ChildProgram.start({
    command,
    environment: {
      MODEL_FOLDER: modelFolder,
      ONNX_FILE: quantizedOnnxFile,
      INTRA_OP_THREADS: intraOpThreads,
      PYTHONDONTWRITEBYTECODE: "1",
    },
    readyPath: "/",
    readyStatus: null,
    port,
  });
}
