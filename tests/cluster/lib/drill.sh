# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # work and NAMESPACE are set by the runner, names are used by the stages
# drill, with requests for every service; its tables go to the log, its reports to target/test-logs.

readonly DRILL=${DRILL:-target/debug/drill} RATE=${RATE:-200}
readonly DEPLOYMENTS=(deployment/web-app deployment/work-app deployment/file-server)
readonly EVERY_SERVICE=("${DEPLOYMENTS[@]}" statefulset/review-api)

traffic_options() { # for every service, as many requests a second as RATE; an option a line
  printf '%s\n' --target "web-app=$(url web-app)/ rate=$RATE body=Hello OUI!" \
    --target "work-app=$(url work-app)/work rate=$RATE body=\"ok\":true" \
    --target "file-server=$(url file-server)/ rate=$RATE body=Hello OUI!" \
    --reviews "$(url review-api)" --reviews-rate "$RATE" --timeout 5s
}

workload_options() { printf -- '--workload\n%s\n' "$@"; }

drilled() { # drilled NAME SCENARIO [OPTION...]: one check, and its table whatever came of it
  local name=$1 options report=target/test-logs/drill-${1// /-}
  shift
  mapfile -t options < <(traffic_options)
  mkdir -p target/test-logs
  check "drill: $name" run_drill "$report" "$@" --context "$CLUSTER_CONTEXT" --namespace "$NAMESPACE" --journal "$work/journal" "${options[@]}"
  local result=$?
  # What a drill that was killed left behind.
  if [ -e "$work/journal" ]; then "$DRILL" undo "$work/journal" --context "$CLUSTER_CONTEXT" --namespace "$NAMESPACE"; fi
  cat "$report.txt"
  return $result
}

run_drill() { # run_drill REPORT ARGUMENT...
  local report=$1
  shift
  rm -f "$report".{json,txt}
  "$DRILL" run "$@" --report "$report.json" >"$report.txt"
}
