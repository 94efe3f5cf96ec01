FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without scripts: onnxruntime-node brings its CPU binary, and its installer would fetch those for GPUs. Without node-av, whose
# binary is under the GPL 3: Debian's ffmpeg below decodes, which the distribution patches.
RUN npm ci --omit=dev --omit=optional --ignore-scripts \
  && rm -rf node_modules/onnxruntime-node/bin/napi-v6/darwin node_modules/onnxruntime-node/bin/napi-v6/win32
# What is in the image, for whoever looks for a vulnerable package; Debian's own list is in /var/lib/dpkg/status.
COPY tools/sbom ./tools/sbom
RUN npm run --silent sbom -- --omit=optional > sbom.cdx.json && rm -r tools
COPY LICENSE ./
COPY src ./src
COPY config ./config
COPY models ./models
# Whatever the modes in the working tree were: readable by the service, writable by nobody else than root.
RUN chmod -R a+rX,go-w .

FROM node:24-slim
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends bubblewrap ffmpeg tini util-linux \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production HOST=0.0.0.0 SERVICE__AUDIO__DECODER=ffmpeg
WORKDIR /app
COPY --from=build /app ./
# Process 1: Node would leave as zombies what sandboxes leave behind, until no process can be started any more.
ENTRYPOINT ["tini", "--"]
# node, as a number: Kubernetes can then tell that it is not root.
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=30s --start-interval=1s \
  CMD ["node", "--eval", "const { SERVICE__SERVER__PORT = '', PORT = '' } = process.env; fetch(`http://127.0.0.1:${SERVICE__SERVER__PORT.trim() || PORT.trim() || 8080}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
