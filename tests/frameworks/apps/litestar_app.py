import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

from litestar import Litestar, MediaType, Request, Response, get, head, post
from litestar.datastructures import Cookie, UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Stream
from litestar.types import Scope

from . import CHUNKS, described

AnyRequest = Request[Any, Any, Any]


@get("/json", name="json")
async def json() -> dict[str, str]:
    return {"hello": "world"}


@head("/json")
async def head_json() -> Response[None]:
    return Response(None, headers={"content-type": "application/json"})


@post("/json", status_code=200)
async def post_json(request: AnyRequest) -> Any:
    return await request.json()


@get("/path/{rest:path}")
async def path(request: AnyRequest) -> dict[str, str]:
    return {"rest": str(request.path_params["rest"]).removeprefix("/")}


@get("/query")
async def query(request: AnyRequest) -> dict[str, list[str]]:
    return request.query_params.dict()


@get("/cookies")
async def cookies(request: AnyRequest) -> dict[str, str]:
    return request.cookies


@get("/set-cookies")
async def set_cookies() -> Response[None]:
    session = Cookie("session", value="abc", expires=3600, httponly=True)
    return Response(None, cookies=[session, Cookie("theme", value="dark")])


@get("/redirect")
async def redirect(request: AnyRequest) -> Redirect:
    return Redirect(request.url_for("json"))


@get("/url")
async def url(request: AnyRequest) -> dict[str, str]:
    return {"url": request.url_for("json"), "request": str(request.url)}


@get("/binary", media_type="application/octet-stream")
async def binary() -> bytes:
    return bytes(range(256))


@post("/form", status_code=200)
async def form(request: AnyRequest) -> dict[str, list[Any]]:
    return (await request.form()).dict()


@post("/upload", status_code=200)
async def upload(
    data: Annotated[dict[str, list[UploadFile]], Body(media_type=RequestEncodingType.MULTI_PART)],
) -> list[list[object]]:
    return [described(file.filename, await file.read()) for file in data["files"]]


@get("/latin1")
async def latin1() -> Response[None]:
    return Response(None, headers={"x-name": "café"})


@get("/stream")
async def stream() -> Stream:
    async def chunks() -> AsyncIterator[bytes]:
        for chunk in CHUNKS:
            yield chunk

    return Stream(chunks(), media_type=MediaType.TEXT)


@get("/slash/")
async def slash() -> str:
    return "ok"


@get("/error")
async def error() -> None:
    raise ValueError("boom")


@get("/event")
async def event(request: AnyRequest) -> dict[str, list[str]]:
    return {"keys": sorted({"aws.event", "aws.context"} & request.scope.keys())}


async def logged(error: Exception, scope: Scope) -> None:
    logging.getLogger(__name__).error("%s failed", scope["path"], exc_info=error)


app = Litestar(
    [
        json,
        head_json,
        post_json,
        path,
        query,
        cookies,
        set_cookies,
        redirect,
        url,
        binary,
        form,
        upload,
        latin1,
        stream,
        slash,
        error,
        event,
    ],
    # Litestar logs no exceptions by itself; its LoggingConfig would, but it also sets up the root logger.
    logging_config=None,
    after_exception=[logged],
)
