# shellcheck shell=bash
# NetworkPolicy, enforced: what is open answers, what is not times out.

readonly OPEN_TO_CLIENTS=(web-app work-app file-server review-api)

stage_policies() {
  check 'policies: those who ask are admitted and run' askers_run || return
  local service address port
  for service in "${OPEN_TO_CLIENTS[@]}" minio; do
    read -r address port < <(address_of "$service")
    if [ "$service" = minio ]; then
      check 'policies: minio is closed to a client of the services' eventually 10 is_closed ballast client "$address" "$port"
    else
      check "policies: $service is open to a client" eventually 10 is_open ballast client "$address" "$port"
    fi
    check "policies: $service is closed to a pod without the label" eventually 10 is_closed ballast stranger "$address" "$port"
    check "policies: $service is closed to a client of another namespace" eventually 10 is_closed ballast-elsewhere client "$address" "$port"
  done
  check 'policies: the admin port is closed to a client too' admin_is_closed
  check 'policies: a client reaches the Services by name' names_are_resolved
  check 'policies: the outside is there' is_open ballast stranger "$(outside)" "$(outside_port)"
  for service in "${OPEN_TO_CLIENTS[@]}" content-fetcher minio; do
    check "policies: the outside is closed to $service" outside_is_closed_to "$service"
  done
  # Nothing would put them on another node, so that a drain would refuse to evict them.
  kube delete -f tests/cluster/probes.yaml --now --wait=false >/dev/null
}

askers_run() {
  local said
  said=$(kube apply -f tests/cluster/probes.yaml 2>&1 >/dev/null)
  equal '' "$said" &&
    k wait --for=condition=Ready pod/client pod/stranger --timeout 60s &&
    kube --namespace ballast-elsewhere wait --for=condition=Ready pod/client --timeout 60s
}

admin_is_closed() {
  local address port
  read -r address port < <(address_of web-app)
  eventually 10 is_closed ballast client "$address" 9090
}

names_are_resolved() {
  equal 'Hello OUI!' "$(read_from client http://web-app/)" && equal 'Hello OUI!' "$(read_from client http://file-server/)"
}

# The API server is no pod: it stands for everything beyond the cluster's own network.
outside() { kube get endpoints kubernetes -n default -o jsonpath='{.subsets[0].addresses[0].ip}' 2>/dev/null; }
outside_port() { kube get endpoints kubernetes -n default -o jsonpath='{.subsets[0].ports[0].port}' 2>/dev/null; }

outside_is_closed_to() { # outside_is_closed_to SERVICE: from a pod in its clothes, which no Service leads to
  local name=as-$1
  k run "$name" --image docker.io/library/busybox:stable --labels "app.kubernetes.io/name=$1" --restart Never --overrides "$(as "$1")" >/dev/null &&
    k wait --for=jsonpath='{.status.phase}'=Running "pod/$name" --timeout 30s >/dev/null &&
    eventually 10 is_closed ballast "$name" "$(outside)" "$(outside_port)"
  local result=$?
  k delete pod "$name" --now --ignore-not-found >/dev/null
  return $result
}

as() { # never ready, so that it gets no requests
  k get pod stranger -o json | jq '{spec: (.spec | {automountServiceAccountToken, enableServiceLinks, terminationGracePeriodSeconds, securityContext, containers})} |
    .spec.containers[0] |= (del(.volumeMounts) + {readinessProbe: {exec: {command: ["false"]}}}) | .apiVersion = "v1"'
}
