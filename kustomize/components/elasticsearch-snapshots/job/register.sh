#!/bin/bash
# Makes the bucket, the repository in it, and the policy that fills it; what is there stays as it is.
# Passwords go by standard input, so that no list of processes shows them.
set -euo pipefail
secret() { printf 'user = "%s:%s"\n' "$1" "$2"; }
bucket=http://minio:9000/reviews-snapshots
key=$(cat /run/secrets/store/s3.client.default.access_key)
status=$(secret "$key" "$(cat /run/secrets/store/s3.client.default.secret_key)" |
  curl --silent --show-error --config - --aws-sigv4 aws:amz:us-east-1:s3 --request PUT --max-time 30 \
    --retry 30 --retry-delay 5 --retry-all-errors --header 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \
    --output /tmp/answer --write-out '%{http_code}' "$bucket")
case $status in
200) echo "the bucket is made" ;;
409) echo "the bucket is there" ;;
*) echo "the bucket cannot be made: $status"; cat /tmp/answer; exit 1 ;;
esac
put() { # put PATH BODY
  secret elastic "$(cat /run/secrets/elastic/elastic)" |
    curl --silent --show-error --fail-with-body --config - --cacert /run/elasticsearch/ca.crt --max-time 60 \
      --retry 30 --retry-delay 5 --retry-all-errors --request PUT --header 'content-type: application/json' \
      --data "$2" "https://reviews-es-http.ballast.svc:9200/$1"
  echo
}
put _snapshot/reviews '{"type": "s3", "settings": {"bucket": "reviews-snapshots", "base_path": "reviews"}}'
put _slm/policy/reviews '{"schedule": "0 30 1 * * ?", "name": "<reviews-{now/d}>", "repository": "reviews",
  "config": {"indices": ["reviews-*", "dead-reviews"], "include_global_state": false},
  "retention": {"expire_after": "30d", "min_count": 7, "max_count": 60}}'
