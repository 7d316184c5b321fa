# shellcheck shell=bash
# Who reaches whom: asked from inside of pods. A NetworkPolicy drops, so what is closed does not answer at all; refused at
# once would mean that nobody listens, which proves nothing.

readonly TIMED_OUT=143 # busybox's timeout ended it

connect_from() { # connect_from NAMESPACE POD ADDRESS PORT: the code of the attempt
  kube --namespace "$1" exec "$2" -- timeout 2 nc "$3" "$4" -e true </dev/null >/dev/null 2>&1
  echo $?
}

is_open() { equal 0 "$(connect_from "$@")"; }
is_closed() { equal $TIMED_OUT "$(connect_from "$@")"; }

address_of() { # address_of SERVICE: of one of its pods, since a policy is about pods; and the port that it listens on
  k get endpointslice -l "kubernetes.io/service-name=$1" -o json |
    jq -r '[.items[] | .ports[0].port as $port | .endpoints[] | select(.conditions.ready) | "\(.addresses[0]) \($port)"][0]'
}

read_from() { # read_from POD URL: what wget gets from inside
  k exec "$1" -- timeout 5 wget -q -O - "$2" </dev/null
}
