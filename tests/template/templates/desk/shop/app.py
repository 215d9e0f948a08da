import os
import time
from typing import Any

from fastapi import FastAPI, Request, Response

from bridge import Bridge

app = FastAPI(openapi_url=None)


@app.get("/items/best")
def best() -> Any:
    return {"item": "best"}


@app.get("/open/logo.png")
def logo() -> Response:
    return Response(
        b"\x89PNG\xff", media_type="image/png", headers={"access-control-allow-origin": "https://evil.example"}
    )


@app.get("/open/cookies")
def cookies(response: Response) -> Any:
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return {}


@app.get("/open/broken")
def broken() -> None:
    raise RuntimeError("broken")


@app.get("/open/large")
def large() -> Any:
    return "x" * 6_400_000


@app.get("/open/environment")
def environment() -> Any:
    return {name: os.environ.get(name) for name in ("STAGE", "ORDERS_URL", "LIBRARY", "AWS_LAMBDA_FUNCTION_NAME")}


@app.get("/hurried")
def hurried() -> Any:
    time.sleep(1)
    return {}


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE"])
async def event(path: str, request: Request) -> Any:
    body = (await request.body()).decode()
    return {"path": path, "body": body, "event": request.scope["aws.event"].raw_event}


web = Bridge(app, lifespan="off", errors="raise")


def handler(event: Any, context: Any) -> Any:
    if "Records" in event:
        failed = [each["messageId"] for each in event["Records"] if each["body"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
    if "task" in event:
        return {"done": event["task"], "as": context.function_name, "memory": context.memory_limit_in_mb}
    return web(event, context)
