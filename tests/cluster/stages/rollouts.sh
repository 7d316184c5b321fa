# shellcheck shell=bash
# shellcheck disable=SC2154 # work is set by the runner
# Rollouts that must not go through do not, and what runs goes on running.

rollouts() {
  check 'work-app: a changed ConfigMap rolls out by itself' changed_settings_roll_out
  check 'work-app: a broken image stalls, and the old pods serve' stalls work-app with_a_broken_image
  check 'work-app: settings that are refused stall, and the old pods serve' stalls work-app with_refused_settings
  check 'work-app: FAIL_RATE=1 stalls, and the old pods serve' stalls work-app with_every_request_failing
}

with() { # with NAME: a variant of the ha overlay is applied, from standard input
  k apply -k "$(write_variant "$1" tests/cluster/ha)" >/dev/null
}

changed_settings_roll_out() { # the name of a ConfigMap holds its content's hash
  local before
  before=$(k get deployment web-app -o jsonpath='{.spec.template.spec.containers[0].envFrom[0].configMapRef.name}')
  with changed <<'Y' || return
configMapGenerator:
  - {name: web-app, namespace: ballast, behavior: merge, literals: [RUST_LOG=debug]}
Y
  k rollout status deployment/web-app --timeout 90s || return
  local after
  after=$(k get deployment web-app -o jsonpath='{.spec.template.spec.containers[0].envFrom[0].configMapRef.name}')
  [ "$before" != "$after" ] || { echo "still $before"; return 1; }
  k apply -k tests/cluster/ha >/dev/null && k rollout status deployment/web-app --timeout 90s
}

with_a_broken_image() {
  with broken <<'Y'
images:
  - {name: ballast/work-app, newTag: no-such-version}
Y
}

with_refused_settings() {
  with refused <<'Y'
configMapGenerator:
  - {name: work-app-files, namespace: ballast, behavior: merge, literals: [FAIL_RATE=2]}
Y
}

with_every_request_failing() {
  with failing <<'Y'
configMapGenerator:
  - {name: work-app-files, namespace: ballast, behavior: merge, literals: [FAIL_RATE=1]}
Y
}

stalls() { # stalls DEPLOYMENT CHANGE: a new pod comes and does not get ready; every old one stays, every answer is right
  local old result=0
  old=$(pods_of "$1" | sort)
  "$2" || return
  new_pod_is_stuck "$1" "$old" || result=1
  equal "$old" "$(comm -12 <(pods_of "$1" | sort) <(echo "$old"))" || result=1
  answers_hold "$1" || result=1
  k apply -k tests/cluster/ha >/dev/null && k rollout status "deployment/$1" --timeout 120s >/dev/null || result=1
  return $result
}

new_pod_is_stuck() { # it was looked at for longer than a good one takes to get ready (READINESS_DELAY_SEC is 10)
  eventually 30 new_pod_is_there "$1" "$2" || return
  ! k rollout status "deployment/$1" --timeout 30s || { echo 'it went through'; return 1; }
}

new_pod_is_there() {
  k get pods -l "app.kubernetes.io/name=$1" -o jsonpath='{range .items[*]}{.metadata.name}{"\n"}{end}' | sort | comm -13 <(echo "$2") - | grep -q .
}

answers_hold() { # one after the other
  local url code wrong=0
  url=$(url "$1")/work
  for _ in $(seq 100); do
    code=$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$url")
    [ "$code" = 200 ] || wrong=$((wrong + 1))
  done
  equal 0 $wrong
}
