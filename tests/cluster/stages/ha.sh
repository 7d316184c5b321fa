# shellcheck shell=bash
# shellcheck disable=SC2154 # work is set by the runner
# Three of everything, 200 requests a second for each service, and then what happens to a cluster. What must not be felt is not:
# not one request fails. What must be felt is bounded, and passes by itself.

stage_ha() {
  k delete job content-fetcher --ignore-not-found >/dev/null
  check 'ha: apply prints no warning' applied_silently tests/cluster/ha || return
  check 'ha: with its numbers held still, everything is ready' steady || return
  check 'ha: Elasticsearch looks at its own disk' elasticsearch_is_alone
  check 'ha: each service is spread over three nodes' is_spread
  check 'ha: the fetcher filled the bucket' file_server_answers
  mapfile -t all < <(workload_options "${EVERY_SERVICE[@]}")
  drilled 'rolling restart' rolling-restart "${all[@]}"
  drilled 'settings change' store-away "${all[@]}" --hold 1s --cut "$(turn_to changed)" --restore "$(turn_to steady)"
  drilled 'scale down' scale --to 2 "${all[@]}"
  drilled 'pod kill' pod-kill "${all[@]}"
  drilled 'drain' drain # of every workload there is, the two stores too: the next node only when this one's pods are back
  # What was in flight to it is lost, and what comes until every node knows that it is gone.
  drilled 'forced pod kill' pod-kill --forced "${all[@]}" --limit 'failure-share<2%' --limit 'recovered<20s' --limit lost=0 --limit doubled=0
  # A third of the requests goes there until the cluster gives the node up, after node-monitor-grace-period.
  [ -z "${NODE_DOWN:-}" ] || drilled 'node cut off' node-loss "${all[@]}" --node "$(node_of_no_store)" --cut "$NODE_DOWN" --restore "$NODE_UP" --hold 45s \
    --limit 'failure-share<35%' --limit 'recovered<90s' --limit lost=0 --limit doubled=0
}

steady() { k delete job content-fetcher --ignore-not-found >/dev/null; k apply -k tests/cluster/steady >/dev/null && k delete hpa --all >/dev/null && all_ready 180; }

elasticsearch_is_alone() { # the disk of a test's node is that of the machine, full as it may be
  k exec elasticsearch-0 -c elasticsearch -- curl -fsS -m 10 -X PUT -H 'content-type: application/json' http://127.0.0.1:9200/_cluster/settings \
    -d '{"persistent":{"cluster.routing.allocation.disk.threshold_enabled":false}}'
}

is_spread() {
  local name
  for name in web-app work-app file-server review-api; do
    equal "$name 3" "$name $(k get pods -l "app.kubernetes.io/name=$name" -o json |
      jq '[.items[] | select(.metadata.deletionTimestamp == null) | .spec.nodeName] | unique | length')" || return
  done
}

turn_to() { # turn_to steady|changed: the command that applies it, and waits until every service has it
  local folder=tests/cluster/steady
  [ "$1" = steady ] || folder=$(changed_settings)
  echo "kubectl --context $CLUSTER_CONTEXT apply -k $folder && for name in ${EVERY_SERVICE[*]}; do" \
    "kubectl --context $CLUSTER_CONTEXT --namespace $NAMESPACE rollout status \$name --timeout 240s || exit; done"
}

changed_settings() { # a setting of each service, in the ConfigMap that its pods are made of: the folder
  write_variant changed-settings tests/cluster/steady <<'Y'
configMapGenerator:
  - {name: web-app, namespace: ballast, behavior: merge, literals: [RUST_LOG=warn]}
  - {name: work-app, namespace: ballast, behavior: merge, literals: [RUST_LOG=warn]}
  - {name: file-server, namespace: ballast, behavior: merge, literals: [CACHE_SIZE=48MiB]}
  - {name: review-api, namespace: ballast, behavior: merge, literals: [QUEUE_BYTES=24MiB]}
Y
}

node_of_no_store() { # where neither of the two runs that are one each
  local busy
  busy=$(k get pods -l 'app.kubernetes.io/name in (minio, elasticsearch)' -o jsonpath='{.items[*].spec.nodeName}')
  nodes | sed 's|^node/||' | grep -vxF "${busy// /$'\n'}" | head -n 1
}
