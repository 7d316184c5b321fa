# shellcheck shell=bash
# The dev overlay on a bare cluster: one command, a minute, no warning; every service answers; the fetcher fetches.
# shellcheck disable=SC2154 # work is set by the runner

stage_dev() {
  local began=$SECONDS
  check 'dev: apply -k prints no warning' applied_silently kustomize/overlays/dev || return
  check 'dev: everything is ready within a minute' all_ready 60 || return
  echo "dev: ready after $((SECONDS - began)) s"
  check 'dev: admission refuses what is not restricted' unrestricted_is_refused
  check 'dev: applying it again changes nothing' applied_again_is_unchanged
  check 'dev: a port of the nodes leads to the services' applied_silently tests/cluster/dev
  check 'dev: web-app answers' eventually 20 web_app_answers
  check 'dev: work-app answers, with the greeting of its Secret' eventually 20 work_app_answers
  check 'dev: file-server serves what the fetcher fetched' eventually 20 file_server_answers
  check 'dev: review-api keeps a review' eventually 20 review_api_answers
  check 'dev: the fetcher said what it did' fetcher_said '"fetched":1'
  check 'dev: the fetcher run again finds nothing to do' fetcher_runs_again
  check 'dev: work-app was not ready for READINESS_DELAY_SEC' readiness_was_delayed
  check 'dev: the samples use under 10 MiB each, all of it under 1 GiB' eventually 90 memory_is_small
}

unrestricted_is_refused() {
  local said
  said=$(k run privileged --image docker.io/library/busybox:stable --privileged --dry-run=server 2>&1)
  contains "$said" 'violates PodSecurity "restricted'
}

applied_again_is_unchanged() { # kubectl says "configured" of what the server has filled in; what counts is what was made of it
  local before
  before=$(generations)
  k apply -k kustomize/overlays/dev >/dev/null && equal "$before" "$(generations)"
}

generations() {
  k get deployment,statefulset,job,networkpolicy,pod,configmap,secret -o json |
    jq -r '.items[] | "\(.kind) \(.metadata.name) \(.metadata.uid) \(.metadata.generation)"' | sort
}

web_app_answers() { equal 'Hello OUI!' "$(ask "$(url web-app)/")"; }

work_app_answers() {
  equal ready "$(ask "$(url work-app)/readyz")" && contains "$(ask --retry 5 --retry-all-errors "$(url work-app)/work")" '"greeting":"ahoy"'
}

file_server_answers() { equal 'Hello OUI!' "$(ask "$(url file-server)/")"; }

review_api_answers() {
  local reviews
  reviews=$(url review-api)/reviews
  ask -H 'content-type: application/json' "$reviews" \
    -d '{"id":"dev-1","delivery_id":"d-1","text":"The milk was warm","rating":1,"hub":"utrecht","written_at":"2026-01-02T03:04:05Z"}' &&
    contains "$(ask "$reviews/dev-1")" 'The milk was warm'
}

fetcher_said() { contains "$(k logs job/content-fetcher)" "$1"; }

fetcher_runs_again() {
  apply_job_anew tests/cluster/dev && k wait --for=condition=Complete job/content-fetcher --timeout 60s && fetcher_said '"unchanged":1'
}

readiness_was_delayed() { # as the kubelet saw it
  local delay
  delay=$(k get pods -l app.kubernetes.io/name=work-app -o json | jq '.items[0].status |
    (.conditions[] | select(.type == "Ready") | .lastTransitionTime | fromdate) -
    (.containerStatuses[0].state.running.startedAt | fromdate)')
  [ "$delay" -ge 10 ] || { echo "ready after $delay s"; return 1; }
}

memory_is_small() {
  local used
  used=$(k top pods --no-headers) || return
  echo "$used" >"$work/memory"
  equal '' "$(awk '/^(web-app|work-app)/ && $3 + 0 >= 10 {print $1, $3}' "$work/memory")" &&
    [ "$(wc -l <"$work/memory")" -ge 5 ] && [ "$(awk '{sum += $3} END {print sum}' "$work/memory")" -lt 1024 ]
}
