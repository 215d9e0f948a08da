from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Body, FastAPI, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import RedirectResponse, StreamingResponse

from . import CHUNKS, COOKIES, described

app = FastAPI()


@app.head("/json", include_in_schema=False)
@app.get("/json")
async def json() -> dict[str, str]:
    return {"hello": "world"}


@app.post("/json")
async def post_json(value: Annotated[Any, Body()]) -> Any:
    return value


@app.get("/path/{rest:path}")
async def path(rest: str) -> dict[str, str]:
    return {"rest": rest}


@app.get("/query")
async def query(
    a: Annotated[list[str], Query()] = [],  # noqa: B006
    b: Annotated[list[str], Query()] = [],  # noqa: B006
) -> dict[str, list[str]]:
    return {"a": a, "b": b}


@app.get("/cookies")
def cookies(request: Request) -> dict[str, str]:
    return request.cookies


@app.get("/set-cookies")
async def set_cookies(response: Response) -> None:
    for cookie in COOKIES:
        response.headers.append("set-cookie", cookie)


@app.get("/redirect")
async def redirect(request: Request) -> RedirectResponse:
    return RedirectResponse(request.url_for("json"))


@app.get("/url")
async def url(request: Request) -> dict[str, str]:
    return {"url": str(request.url_for("json")), "request": str(request.url)}


@app.get("/binary")
async def binary() -> Response:
    return Response(bytes(range(256)), media_type="application/octet-stream")


@app.post("/form")
async def form(a: Annotated[list[str], Form()], b: Annotated[list[str], Form()]) -> dict[str, list[str]]:
    return {"a": a, "b": b}


@app.post("/upload")
async def upload(files: Annotated[list[UploadFile], File()]) -> list[list[object]]:
    return [described(file.filename, await file.read()) for file in files]


@app.get("/latin1")
async def latin1(response: Response) -> None:
    response.headers["x-name"] = "café"


@app.get("/stream")
async def stream() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        for chunk in CHUNKS:
            yield chunk

    return StreamingResponse(chunks(), media_type="text/plain")


@app.get("/slash/")
async def slash() -> str:
    return "ok"


@app.get("/error")
async def error() -> None:
    raise ValueError("boom")


@app.get("/event")
async def event(request: Request) -> dict[str, list[str]]:
    return {"keys": sorted({"aws.event", "aws.context"} & request.scope.keys())}
