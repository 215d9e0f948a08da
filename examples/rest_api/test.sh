#!/bin/bash
# Call the API as a client does, and fail unless it answers as it should.
set -euo pipefail
url=${1:-$(aws cloudformation describe-stacks --stack-name "${STACK:-bridge-rest-api}" \
  --query "Stacks[0].Outputs[?OutputKey=='Url'].OutputValue" --output text)}
url=${url%/}

expect() {
  local got
  got=$(curl --silent --output /dev/null --write-out '%{http_code} %{content_type}' "$url$2")
  [ "$got" = "$1" ] || { echo "$2: expected $1, got $got" >&2; exit 1; }
  echo "$2: $got"
}

expect "200 application/json" /
expect "200 application/json" /user/1
expect "404 application/json" /user/3
expect "200 image/png" /pixel.png
