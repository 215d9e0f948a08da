#!/bin/bash
# Invoke the function itself, with the event that the API would send: no API, no permission of the API.
set -euo pipefail
cd "$(dirname "$0")"
python -m bridge event GET /user/1 --api rest --stage prod > event.json
function=$(aws cloudformation describe-stacks --stack-name "${STACK:-bridge-rest-api}" \
  --query "Stacks[0].Outputs[?OutputKey=='Function'].OutputValue" --output text)
aws lambda invoke --function-name "$function" --payload fileb://event.json --log-type Tail \
  --query LogResult --output text result.json | base64 --decode
cat result.json
