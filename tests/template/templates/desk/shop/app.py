import os
import time

from fastapi import FastAPI, Request, Response

from bridge import Bridge

app = FastAPI(openapi_url=None)


@app.get("/items/best")
def best():
    return {"item": "best"}


@app.get("/open/logo.png")
def logo():
    return Response(
        b"\x89PNG\xff", media_type="image/png", headers={"access-control-allow-origin": "https://evil.example"}
    )


@app.get("/open/cookies")
def cookies(response: Response):
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return {}


@app.get("/open/broken")
def broken():
    raise RuntimeError("broken")


@app.get("/open/large")
def large():
    return "x" * 6_400_000


@app.get("/open/environment")
def environment():
    return {name: os.environ.get(name) for name in ("STAGE", "ORDERS_URL", "LIBRARY", "AWS_LAMBDA_FUNCTION_NAME")}


@app.get("/hurried")
def hurried():
    time.sleep(1)
    return {}


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE"])
async def event(path: str, request: Request):
    body = (await request.body()).decode()
    return {"path": path, "body": body, "event": request.scope["aws.event"]}


web = Bridge(app, lifespan="off", errors="raise")


def handler(event, context):
    if "Records" in event:
        failed = [each["messageId"] for each in event["Records"] if each["body"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
    if "task" in event:
        return {"done": event["task"], "as": context.function_name, "memory": context.memory_limit_in_mb}
    return web(event, context)
