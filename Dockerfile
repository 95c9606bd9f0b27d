# One image, two programs: `node hooks/main.ts` and `node poller/main.ts`. TypeScript runs as it is, so nothing is built.
# Pin it by digest where you build for production: --build-arg NODE_IMAGE=node:24-slim@sha256:…
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# No package may run a script of its own while the image is made.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Sluice" \
      org.opencontainers.image.description="Hooks and poller of Sluice" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY hooks ./hooks
COPY poller ./poller
# Everything belongs to root and is only read; the user has no name and no home.
USER 65532:65532
EXPOSE 8080 9090 9443
# The base image's entrypoint only guesses what to run.
ENTRYPOINT []
CMD ["node", "hooks/main.ts"]
