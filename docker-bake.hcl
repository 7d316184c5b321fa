# docker buildx bake              every image, for this machine, into its engine
# docker buildx bake release     every image for both platforms, with SBOM and provenance, pushed to PREFIX
#
# The recipe compiles all programs in one layer that the targets share.

variable "PREFIX" { default = "ballast" }
variable "VERSION" { default = "0.1.0" }
variable "REVISION" { default = "unknown" }
variable "SERVICES" { default = ["web-app", "work-app", "file-server", "content-fetcher", "review-api", "review-load"] }

group "default" { targets = ["image"] }
group "release" { targets = ["release-image"] }

target "recipe" {
  context    = "."
  dockerfile = "Dockerfiles/service.Dockerfile"
}

target "image" {
  inherits = ["recipe"]
  name     = service
  matrix   = { service = SERVICES }
  args     = { SERVICE = service, VERSION = VERSION, REVISION = REVISION }
  tags     = ["${PREFIX}/${service}:${VERSION}"]
  output   = ["type=docker"]
}

target "release-image" {
  inherits  = ["recipe"]
  name      = "release-${service}"
  matrix    = { service = SERVICES }
  args      = { SERVICE = service, VERSION = VERSION, REVISION = REVISION }
  tags      = ["${PREFIX}/${service}:${VERSION}"]
  platforms = ["linux/amd64", "linux/arm64"]
  attest    = ["type=sbom", "type=provenance,mode=max"]
  output    = ["type=registry"]
}
