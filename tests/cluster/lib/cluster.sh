# shellcheck shell=bash
# What every stage speaks to the cluster with. Nothing here goes to a context that was not named.
# shellcheck disable=SC2154 # work, version and NAMESPACE are set by the runner

kube() { kubectl --context "$CLUSTER_CONTEXT" "$@"; }
k() { kube --namespace "$NAMESPACE" "$@"; }

applied_silently() { # applied_silently FOLDER: kustomize's and the API server's warnings are failures
  local said
  said=$(k apply -k "$1" 2>&1 >/dev/null)
  equal '' "$said"
}

apply_job_anew() { # a Job cannot be changed, and the same one has nothing to do
  k delete job content-fetcher --ignore-not-found --wait >/dev/null
  k apply -k "$1" >/dev/null
}

all_ready() { # all_ready SECONDS: every workload is rolled out, every Job complete
  local deadline=$((SECONDS + $1)) name
  for name in $(k get deployment,statefulset -o name); do
    k rollout status "$name" --timeout "$(left $deadline)s" || { describe; return 1; }
  done
  for name in $(k get job -o name); do
    k wait --for=condition=Complete "$name" --timeout "$(left $deadline)s" || { describe; return 1; }
  done
}

left() { # left DEADLINE: seconds until then, at least one
  local seconds=$(($1 - SECONDS))
  echo $((seconds > 0 ? seconds : 1))
}

describe() { # for whoever reads of a failure
  k get pods -o wide
  k get events --sort-by .lastTimestamp | tail -n 25
}

nodes() { k get nodes -o name --selector "${CLUSTER_WORKERS:-}"; }

url() { # url SERVICE: from outside, by its port of the nodes
  echo "http://$CLUSTER_ADDRESS:$(k get service "$1" -o jsonpath='{.spec.ports[0].nodePort}')"
}

ask() { curl -sS -m 10 --fail-with-body "$@"; }

pods_of() { # pods_of SERVICE: those that run and are not on their way out
  k get pods -l "app.kubernetes.io/name=$1" -o json |
    jq -r '.items[] | select(.metadata.deletionTimestamp == null and .status.phase == "Running") | .metadata.name'
}

ready_count() { # ready_count DEPLOYMENT
  k get deployment "$1" -o jsonpath='{.status.readyReplicas}'
}

write_variant() { # write_variant NAME FOLDER: a kustomization on top of FOLDER, the rest from standard input; its folder
  local folder=$work/$1
  mkdir -p "$folder"
  { printf '%s\n' 'apiVersion: kustomize.config.k8s.io/v1beta1' 'kind: Kustomization' "resources: [$(realpath --relative-to "$folder" "$2")]"; cat; } \
    >"$folder/kustomization.yaml"
  echo "$folder"
}

deliver_images() { # built by the recipe, then given to every node
  local name
  Dockerfiles/build || return
  for name in $(ls services) review-load; do
    IMAGE=ballast/$name:$version sh -c "$CLUSTER_LOAD" || return
  done
}

leave_nothing() { # nodes as they were, and no namespace of ours
  local name
  for name in $(kube get nodes -o name); do
    kube uncordon "$name"
  done >/dev/null 2>&1
  kube delete namespace "$NAMESPACE" ballast-elsewhere ballast-postgres --ignore-not-found --wait --timeout 180s
}
