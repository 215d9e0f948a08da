#!/bin/bash
# Delete the stack, and the files that the other scripts have made.
set -euo pipefail
cd "$(dirname "$0")"
sam delete --stack-name "${STACK:-bridge-rest-api}" --no-prompts
rm -f function.zip event.json result.json
