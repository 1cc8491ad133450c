# One static binary on nothing.
FROM golang:1.26.8-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.linkedVersion=${VERSION}" -o /out/gatehouse ./cmd/gatehouse \
 && mkdir -p /out/data /out/tmp

FROM scratch
# Authorities for https to Directus, Redis and the key sets of clients.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/LICENSE /LICENSE
COPY --from=build /out/gatehouse /gatehouse
# A volume takes the owner of the folder that it covers.
COPY --from=build --chown=65532:65532 --chmod=0700 /out/data /var/lib/gatehouse
COPY --from=build --chown=65532:65532 --chmod=0700 /out/tmp /tmp
USER 65532:65532
# The image implies no store and no issuer: name them.
ENV GATEHOUSE_LISTEN=:8080
EXPOSE 8080
VOLUME /var/lib/gatehouse
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s CMD ["/gatehouse", "healthcheck"]
ENTRYPOINT ["/gatehouse"]
CMD ["serve"]
