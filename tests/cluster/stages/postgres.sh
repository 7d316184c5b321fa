# shellcheck shell=bash
# shellcheck disable=SC2154 # work is set by the runner
# Three PostgreSQL as k8s/postgres has them, under CloudNativePG: seeded, benchmarked, and then the primary is lost, time after
# time, under a ledger of every acknowledged write.
#
#   POSTGRES_ROWS     how many are seeded (default 1,200,000)
#   POSTGRES_LOSSES   how often the primary is lost in each way (default 1; 5 is the whole proof)

readonly PG_LOAD=${PG_LOAD:-target/debug/pg-load} POSTGRES=ballast-postgres

stage_postgres() {
  if ! kube get crd clusters.postgresql.cnpg.io >/dev/null 2>&1; then
    check 'postgres: the operator is installed' echo 'there is no CloudNativePG on the cluster: kustomize/operators'
    return
  fi
  local round
  check 'postgres: apply prints no warning' equal '' "$(kube apply -k tests/cluster/postgres 2>&1 >/dev/null)" || return
  check 'postgres: three instances are healthy' is_healthy 300 || return
  check 'postgres: they are on three hosts' postgres_is_spread
  reach_postgres
  check 'postgres: a client outside is let in, by TLS' eventually 60 is_let_in || return
  measured 'seed' seed --rows "${POSTGRES_ROWS:-1200000}" || return
  measured 'seed again' seed --rows "${POSTGRES_ROWS:-1200000}"
  measured 'verify' verify
  measured 'bench' bench --quiet --workload mixed --rate 100 --clients 8 --duration 60s --slo 'p99<500ms' --slo 'errors<0.1%'
  for round in $(seq "${POSTGRES_LOSSES:-1}"); do
    lost "primary deleted $round" 60s 'gap<10s' "kubectl --context $CLUSTER_CONTEXT --namespace $POSTGRES delete pod $(primary) --wait=false"
  done
  [ -n "${NODE_DOWN:-}" ] || return
  for round in $(seq "${POSTGRES_LOSSES:-1}"); do
    DRILL_NODE=$(node_of_primary)
    export DRILL_NODE
    lost "primary's node cut off $round" 120s 'gap<45s' "$NODE_DOWN"
  done
}

lost() { # lost NAME TIME OBJECTIVE COMMAND: the command takes the primary away; afterwards there are three again
  measured "$1" failover --rate 200 --clients 8 --duration "$2" --hook "$4" --hook-after 10s --slo "$3"
  if [ -n "${DRILL_NODE:-}" ]; then sh -c "$NODE_UP"; fi
  check "postgres: healthy again after: $1" is_healthy 300
}

measured() { # measured NAME COMMAND [OPTION...]: a check, and what it said whatever came of it
  local report=target/test-logs/postgres-${1//[^a-z0-9]/-} name=$1
  shift
  mkdir -p target/test-logs
  check "postgres: $name" ran_to "$report" "$@"
  local result=$?
  grep -v '^{' "$report.txt" | tail -n 25
  return $result
}

ran_to() { # ran_to REPORT COMMAND [OPTION...]
  local report=$1 command=$2
  shift 2
  "$PG_LOAD" "$command" "${postgres[@]}" "$@" >"$report.txt" 2>&1
}

p() { kube --namespace "$POSTGRES" "$@"; }

is_healthy() { # is_healthy SECONDS
  eventually "$1" has_three_instances && return
  p get cluster,pods -o wide
  p get events --sort-by .lastTimestamp | tail -n 25
  return 1
}

has_three_instances() {
  equal 'Cluster in healthy state 3' "$(p get cluster shop -o jsonpath='{.status.phase} {.status.readyInstances}')"
}

postgres_is_spread() {
  equal 3 "$(p get pods -l cnpg.io/cluster=shop -o json | jq '[.items[].spec.nodeName] | unique | length')"
}

primary() { p get cluster shop -o jsonpath='{.status.currentPrimary}'; }
node_of_primary() { p get pod "$(primary)" -o jsonpath='{.spec.nodeName}'; }

reach_postgres() { # sets `postgres`: how pg-load reaches the primary from outside
  local port
  port=$(p get service shop-rw-outside -o jsonpath='{.spec.ports[0].nodePort}')
  p get secret shop-app -o go-template='{{.data.password | base64decode}}' >"$work/password"
  p get secret shop-ca -o go-template='{{index .data "ca.crt" | base64decode}}' >"$work/ca.crt"
  postgres=(--database-url "postgresql://shop@$CLUSTER_ADDRESS:$port/shop?connect_timeout=2&tcp_user_timeout=5&target_session_attrs=read-write"
    --password-file "$work/password" --ca-file "$work/ca.crt" --sslmode verify-ca)
}

is_let_in() { "$PG_LOAD" bench "${postgres[@]}" --quiet --workload select-only --init-scale 1 --clients 1 --warm-up 0s --duration 1s; }
