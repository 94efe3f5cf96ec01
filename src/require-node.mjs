// Runs before src/main.ts, on whatever Node is there: plain JavaScript that Node 18 understands.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    `This service needs Node 24.12 or newer, and this is Node ${process.versions.node}. ` +
      "Install Node 24, or run `npm ci` with development dependencies, which bring it, and start with `npm start`.\n",
  );
  process.exit(1);
}
