# An image that holds the static binary and nothing else.
#
#   docker build -t logveil .
#   app 2>&1 | docker run --rm -i logveil

FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock README.md ./
COPY src src
COPY patterns patterns
COPY benches benches
# The C library is linked in; for that the target must be named, or build scripts would be static too.
RUN target=$(rustc -vV | sed -n 's/^host: //p') \
    && RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --locked --target "$target" --bin logveil \
    && cp "target/$target/release/logveil" /logveil

FROM scratch
COPY --from=build /logveil /logveil
# Nobody: the filter needs no right but to read and write what it is given.
USER 65532:65532
ENTRYPOINT ["/logveil"]
