# shellcheck shell=bash
# shellcheck disable=SC2154 # work is set by the runner
# Three Elasticsearch nodes as k8s/elasticsearch has them, under ECK, behind three review-api. Reviews come all the while; every
# acknowledged one is looked for after each drill: there, and once.

stage_elasticsearch() {
  if ! kube get crd elasticsearches.elasticsearch.k8s.elastic.co >/dev/null 2>&1; then
    check 'elasticsearch: the operator is installed' echo 'there is no ECK on the cluster: kustomize/operators'
    return
  fi
  check 'elasticsearch: a fresh namespace' leave_nothing || return
  check 'elasticsearch: apply prints no warning' applied_silently tests/cluster/eck || return
  check 'elasticsearch: three nodes are green' is_green 240 || return
  check 'elasticsearch: review-api is ready before them' all_ready 120 || return
  check 'elasticsearch: its nodes are on three hosts' elasticsearch_is_spread
  check 'elasticsearch: the fetched content is served beside it' eventually 60 file_server_answers
  reviewed 'elasticsearch settings' store-away --hold 1s --cut "$(elasticsearch_with changed)" --restore true
  check 'elasticsearch: green again' is_green 120
  reviewed 'elasticsearch drain' drain --node "$(node_of "$(other_node)")"
  check 'elasticsearch: green again after the drain' is_green 120
  [ -n "${NODE_DOWN:-}" ] || return
  reviewed "elasticsearch master cut off" node-loss --node "$(node_of "$(master)")" --cut "$NODE_DOWN" --restore "$NODE_UP" --hold 10s "${CUT_LIMITS[@]}"
  check "elasticsearch: green again after the master's loss" is_green 180
  reviewed "elasticsearch data node cut off" node-loss --node "$(node_of "$(other_node)")" --cut "$NODE_DOWN" --restore "$NODE_UP" --hold 10s "${CUT_LIMITS[@]}"
  check "elasticsearch: green again after a data node's loss" is_green 180
}

# What was sent to the lost pods is not acknowledged and fails; that is a third, until the endpoints have changed.
readonly CUT_LIMITS=(--limit 'failure-share<40%' --limit 'recovered<90s' --limit lost=0 --limit doubled=0)

reviewed() { # reviewed NAME SCENARIO [OPTION...]: reviews only, and all of them looked for afterwards
  local name=$1 report=target/test-logs/drill-${1// /-}
  shift
  mkdir -p target/test-logs
  check "drill: $name" run_drill "$report" "$@" --context "$CLUSTER_CONTEXT" --namespace "$NAMESPACE" --journal "$work/journal" \
    --workload statefulset/review-api --workload statefulset/reviews-es-default \
    --reviews "$(url review-api)" --reviews-rate "$RATE" --timeout 5s --recover-within 3m --reviews-within 2m
  local result=$?
  cat "$report.txt"
  return $result
}

is_green() { # is_green SECONDS: as the operator sees it, with every node and nothing left to change
  eventually "$1" has_three_green_nodes && return
  describe
  return 1
}

has_three_green_nodes() {
  equal 'Ready green 3' "$(k get elasticsearch reviews -o jsonpath='{.status.phase} {.status.health} {.status.availableNodes}')"
}

elasticsearch_is_spread() {
  equal 3 "$(k get pods -l app.kubernetes.io/name=elasticsearch -o json | jq '[.items[].spec.nodeName] | unique | length')"
}

elasticsearch_with() { # elasticsearch_with NAME: the command that gives its nodes another setting and waits until each has it
  local folder
  folder=$(write_variant "elasticsearch-$1" tests/cluster/eck <<'Y'
patches:
  - target: {kind: Elasticsearch, name: reviews}
    patch: |
      - {op: add, path: /spec/nodeSets/0/config/indices.memory.index_buffer_size, value: 12%}
Y
  )
  echo "kubectl --context $CLUSTER_CONTEXT apply -k $folder && '$PWD/tests/cluster/eck/rolled' $CLUSTER_CONTEXT $NAMESPACE"
}

master() { # the name of the pod that is the master now
  ask_elasticsearch '/_cat/master?h=node' | tr -d ' \n'
}

other_node() { # the first pod that is not
  k get pods -l app.kubernetes.io/name=elasticsearch -o jsonpath='{range .items[*]}{.metadata.name}{"\n"}{end}' | grep -vxF "$(master)" | head -n 1
}

ask_elasticsearch() { # ask_elasticsearch PATH: from inside of one of its pods, as the superuser that ECK made
  local password
  password=$(k get secret reviews-es-elastic-user -o go-template='{{.data.elastic | base64decode}}')
  k exec "${2:-reviews-es-default-0}" -c elasticsearch -- curl -sk -m 10 -u "elastic:$password" "https://127.0.0.1:9200$1"
}

node_of() { k get pod "$1" -o jsonpath='{.spec.nodeName}'; }
