# An image that holds the static binary and nothing else.
#
#   docker build -t logveil .
#   app 2>&1 | docker run --rm -i logveil
#   docker run --rm -p 127.0.0.1:5514:5514 logveil serve --listen tcp://0.0.0.0:5514 --upstream tcp://collector:601
#
# In another image, around its program: COPY --from=logveil /logveil /logveil
#                                        ENTRYPOINT ["/logveil", "exec", "--"]
#
# deploy/ has a compose file and a Kubernetes sidecar that lock it in.

FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock README.md ./
COPY src src
COPY patterns patterns
COPY benches benches
# Members of the workspace, which are read and not built.
COPY bindings bindings
# The C library is linked in; for that the target must be named, or build scripts would be static too.
RUN target=$(rustc -vV | sed -n 's/^host: //p') \
    && RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --locked --target "$target" --bin logveil \
    && cp "target/$target/release/logveil" /logveil

FROM scratch
COPY --from=build /logveil /logveil
# Nobody: it needs no right but to read and write what it is given.
USER 65532:65532
# Where the examples in deploy/ listen, and the admin listener.
EXPOSE 5514 9600
ENTRYPOINT ["/logveil"]
