# shellcheck shell=bash
# shellcheck disable=SC2154 # work is set by the runner
# An autoscaler grows under load and shrinks when it is gone, without a failed request. That takes minutes of waiting, in which
# another service's rollouts that must stall do (rollouts.sh).

stage_scaling() {
  k delete job content-fetcher --ignore-not-found >/dev/null
  check 'scaling: the ha overlay as it is, with its autoscalers' applied_silently tests/cluster/ha || return
  check 'scaling: metrics are there' eventually 120 autoscalers_see || return
  check 'scaling: three of each' all_ready 120
  local pid
  run_drill target/test-logs/drill-autoscale autoscale --autoscaler file-server --factor 100 --rise 10s --reach 5 --shrink-within 5m \
    --context "$CLUSTER_CONTEXT" --namespace "$NAMESPACE" --journal "$work/autoscale-journal" \
    --target "file-server=$(url file-server)/ rate=3 body=Hello OUI!" 2>"$work/autoscale" &
  pid=$!
  rollouts
  check 'drill: autoscale' wait $pid || cat "$work/autoscale"
  cat target/test-logs/drill-autoscale.txt
}

autoscalers_see() { # each has a number to go by, and its fewest replicas
  equal '3 3 3' "$(k get hpa -o json | jq -r '[.items[] | select(.status.currentMetrics[0].resource.current.averageUtilization != null) | .status.currentReplicas] | join(" ")')"
}
