# One image: `node hooks/main.ts`, `node poller/main.ts`, and in the pods of Jobs `node jobs/download-model.ts` and `node jobs/ensure-claim.ts`. TypeScript runs
# as it is, so nothing is built.
# Pin it by digest where you build for production: --build-arg NODE_IMAGE=node:24-slim@sha256:…
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS content
WORKDIR /app
COPY package.json package-lock.json ./
# No package may run a script of its own while the image is made.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
RUN rm package-lock.json
COPY package.json LICENSE ./
COPY hooks ./hooks
COPY poller ./poller
COPY jobs ./jobs
# Files come with the modes of the checkout, and the user who runs them owns none.
RUN chmod -R a+rX,go-w .

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Sluice" \
      org.opencontainers.image.description="Hooks, poller and jobs of Sluice" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
# glibc otherwise keeps a pool of memory for each thread, and gives little of what is freed back to the system.
ENV MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072
# What installs packages is not needed to run.
WORKDIR /
RUN rm -rf usr/local/lib/node_modules usr/local/bin/npm usr/local/bin/npx usr/local/bin/corepack usr/local/bin/yarn usr/local/bin/yarnpkg opt/yarn-*
WORKDIR /app
COPY --from=content /app ./
# Everything belongs to root and is only read; the user has no name and no home.
USER 65532:65532
EXPOSE 8080 9090 9443
# The base image's entrypoint only guesses what to run.
ENTRYPOINT []
CMD ["node", "hooks/main.ts"]
