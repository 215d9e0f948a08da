from typing import Any


def handler(event: Any, context: Any) -> Any:
    token = event.get("authorizationToken") or (event.get("identitySource") or [None])[0]
    token = token or (event.get("queryStringParameters") or {}).get("key")
    name = str(token).removeprefix("Bearer ")
    if name == "unauthorized":
        raise Exception("Unauthorized")
    if name == "broken":
        raise RuntimeError("broken")
    if name == "odd":
        return {"answer": 42}
    said = {"name": name, "number": 7}
    if event.get("version") == "2.0":
        return {"isAuthorized": name in ("alice", "odd"), "context": said}
    effect = "Deny" if name == "mallory" else "Allow"
    resource = event["methodArn"] if name == "narrow" else "*"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"principalId": name, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}, "context": said}
