/** The least that is a library of 64-bit Linux: a header, one segment of notes, another note and the build ID. */
export function elfLibrary(buildId: string): Buffer {
  const notes = Buffer.concat([note("other", 1, Buffer.alloc(6)), note("GNU", 3, Buffer.from(buildId, "hex"))]);
  const file = Buffer.alloc(64 + 56 + notes.length);
  file.write("\x7fELF\x02\x01\x01", "latin1");
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(4, 64);
  file.writeBigUInt64LE(120n, 64 + 8);
  file.writeBigUInt64LE(BigInt(notes.length), 64 + 32);
  notes.copy(file, 120);
  return file;
}

function note(name: string, type: number, content: Buffer): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt32LE(name.length + 1, 0);
  header.writeUInt32LE(content.length, 4);
  header.writeUInt32LE(type, 8);
  return Buffer.concat([header, padded(Buffer.from(`${name}\0`)), padded(content)]);
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((4 - (content.length % 4)) % 4)]);
}
