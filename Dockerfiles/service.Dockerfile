# The image of any of our programs, by name: Dockerfiles/build, docker-bake.hcl, or
#
#     docker build -f Dockerfiles/service.Dockerfile --build-arg SERVICE=web-app -t ballast/web-app:0.1.0 .
#
# 1. `build` compiles all of them in one run of cargo. It does not know SERVICE, so one machine compiles once for six images.
# 2. `pick` takes one program out, and says so where there is none of that name.
# 3. The image is that program on distroless: certificates, zone data, passwd, no shell.
#
# There is no `# syntax=` line: every builder since Docker 20.10 reads this file as it is.

FROM --platform=$BUILDPLATFORM docker.io/library/rust:1.95.0-slim-trixie AS build

# A builder compiles for other architectures itself, which takes minutes where emulation takes an hour. Only then does it
# need more than the base brings: a linker, and Rust's library for that target.
ARG BUILDARCH
ARG TARGETARCH
# hadolint ignore=DL3008
RUN set -eu; \
    case "$TARGETARCH" in \
      amd64) rust=x86_64 debian=x86-64 ;; \
      arm64) rust=aarch64 debian=aarch64 ;; \
      *) echo "no recipe for the architecture '$TARGETARCH'" >&2; exit 1 ;; \
    esac; \
    echo "$rust-unknown-linux-gnu" >/target; \
    if [ "$TARGETARCH" != "$BUILDARCH" ]; then \
      rustup target add "$rust-unknown-linux-gnu"; \
      apt-get update; \
      apt-get install -y --no-install-recommends "gcc-$debian-linux-gnu" "libc6-dev-$TARGETARCH-cross"; \
      rm -rf /var/lib/apt/lists/*; \
    fi

WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY crates crates
COPY services services
COPY tools tools
COPY tests tests

# Static on the gnu target: glibc's resolver is in the program, and musl's allocator is in nobody's way.
ENV RUSTFLAGS="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs" \
    CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=x86_64-linux-gnu-gcc \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
# Further programs that are run in a cluster, beside the services.
ARG TOOLS="review-load"
# hadolint ignore=SC2086 # the names are words
RUN --mount=type=cache,id=ballast-registry,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,id=ballast-target,target=/src/target,sharing=locked \
    set -eu; \
    target=$(cat /target); \
    programs="$(ls services) $TOOLS"; \
    cargo build --locked --profile dist --target "$target" $(printf -- '-p %s ' $programs); \
    mkdir /out; \
    for program in $programs; do cp "target/$target/dist/$program" /out/; done

FROM build AS pick
ARG SERVICE
RUN install -D -m 0555 "/out/${SERVICE:?say which: --build-arg SERVICE=web-app}" /picked/service

FROM gcr.io/distroless/static-debian13:nonroot
ARG SERVICE
ARG VERSION=unversioned
ARG REVISION=unknown
LABEL org.opencontainers.image.title="$SERVICE" \
      org.opencontainers.image.description="Ballast's $SERVICE" \
      org.opencontainers.image.vendor="Ballast" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="gcr.io/distroless/static-debian13:nonroot"
COPY --from=pick /picked/service /service
WORKDIR /
USER 65532:65532
ENTRYPOINT ["/service"]
