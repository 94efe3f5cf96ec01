import { type FileHandle, open } from "node:fs/promises";

const elfHeaderBytes = 64;
const programHeaderBytes = 56;
const noteSegment = 4;
/** Segments and notes of real libraries are few and small. */
const maxSegments = 256;
const maxNoteBytes = 1024 * 1024;
const noteHeaderBytes = 12;
const buildIdNote = 3;

/**
 * The build ID of a program or library of 64-bit Linux, in hexadecimal: which build of all it is. Null when it has none.
 * @throws Error when the file cannot be read or is something else.
 */
export async function readElfBuildId(path: string): Promise<string | null> {
  const file = await open(path, "r");
  try {
    const header = await readAt(file, 0, elfHeaderBytes);
    if (header.toString("latin1", 0, 4) !== "\x7fELF" || header[4] !== 2 || header[5] !== 1) {
      throw new Error(`${path} is no library of 64-bit Linux`);
    }
    const segments = header.readUInt16LE(56);
    const tableAt = Number(header.readBigUInt64LE(32));
    if (segments > maxSegments || header.readUInt16LE(54) !== programHeaderBytes) {
      throw new Error(`${path} has a header that is none`);
    }
    const table = await readAt(file, tableAt, segments * programHeaderBytes);
    for (let at = 0; at < table.length; at += programHeaderBytes) {
      const bytes = Number(table.readBigUInt64LE(at + 32));
      if (table.readUInt32LE(at) === noteSegment && bytes <= maxNoteBytes) {
        const id = findBuildId(await readAt(file, Number(table.readBigUInt64LE(at + 8)), bytes));
        if (id !== null) {
          return id;
        }
      }
    }
    return null;
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, position);
  if (bytesRead !== bytes) {
    throw new Error("the library is cut off");
  }
  return buffer;
}

function findBuildId(notes: Buffer): string | null {
  let at = 0;
  while (at + noteHeaderBytes <= notes.length) {
    const nameBytes = notes.readUInt32LE(at);
    const idBytes = notes.readUInt32LE(at + 4);
    const nameAt = at + noteHeaderBytes;
    const idAt = nameAt + padded(nameBytes);
    if (notes.readUInt32LE(at + 8) === buildIdNote && notes.toString("latin1", nameAt, nameAt + 4) === "GNU\0") {
      return notes.toString("hex", idAt, idAt + idBytes);
    }
    at = idAt + padded(idBytes);
  }
  return null;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
