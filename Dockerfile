# syntax=docker/dockerfile:1
# The gateway with the widget that it serves, in an image without a shell that runs as nobody in particular:
#
#   docker build -t triptych-gateway .
#   docker run --read-only -v ./gateway.toml:/etc/triptych/gateway.toml:ro -v triptych:/var/lib/triptych \
#     --env-file .env -p 8787:8787 triptych-gateway
#
# deploy/ has two of them behind a balancer.

FROM rust:1.95.0-bookworm AS source
WORKDIR /src
COPY . .

# The files of <triptych-copilot>, as `cargo xtask dist` makes them for npm.
FROM node:24-bookworm-slim AS node
FROM source AS widget
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/var/cache/npm \
    --mount=type=cache,target=/src/target,id=triptych-widget \
    npm_config_cache=/var/cache/npm cargo run --locked -p xtask -- dist && cp -r pkg/dist /widget

FROM source AS gateway
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,id=triptych-gateway \
    cargo build --release --locked -p triptych-gateway \
 && strip -o /triptych-gateway target/release/triptych-gateway \
 && mkdir /data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=gateway /triptych-gateway /usr/local/bin/triptych-gateway
COPY --from=widget /widget /usr/share/triptych/widget
# For SQLite and files, where the configuration puts them here; nothing else is ever written.
COPY --from=gateway --chown=65532:65532 /data /var/lib/triptych
VOLUME /var/lib/triptych
USER 65532:65532
EXPOSE 8787
# SIGTERM lets running calls end for as long as `shutdown_grace_seconds` says; give it that long before SIGKILL.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["/usr/local/bin/triptych-gateway", "--config", "/etc/triptych/gateway.toml", "health"]
ENTRYPOINT ["/usr/local/bin/triptych-gateway", "--config", "/etc/triptych/gateway.toml"]
CMD ["serve"]
