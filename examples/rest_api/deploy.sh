#!/bin/bash
# Build the zip and deploy the stack.
set -euo pipefail
cd "$(dirname "$0")"
python -m bridge package . --python 3.13 --arch arm64 -o function.zip
sam deploy --stack-name "${STACK:-bridge-rest-api}" --resolve-s3 --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset
