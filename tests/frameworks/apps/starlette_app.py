from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from . import CHUNKS, COOKIES, described


async def json(request: Request) -> Response:
    return JSONResponse({"hello": "world"})


async def post_json(request: Request) -> Response:
    return JSONResponse(await request.json())


async def path(request: Request) -> Response:
    return JSONResponse({"rest": request.path_params["rest"]})


async def query(request: Request) -> Response:
    return JSONResponse({name: request.query_params.getlist(name) for name in request.query_params})


async def cookies(request: Request) -> Response:
    return JSONResponse(request.cookies)


async def set_cookies(request: Request) -> Response:
    response = Response()
    for cookie in COOKIES:
        response.headers.append("set-cookie", cookie)
    return response


async def redirect(request: Request) -> Response:
    return RedirectResponse(request.url_for("json"))


async def url(request: Request) -> Response:
    return JSONResponse({"url": str(request.url_for("json")), "request": str(request.url)})


async def binary(request: Request) -> Response:
    return Response(bytes(range(256)), media_type="application/octet-stream")


async def form(request: Request) -> Response:
    fields = await request.form()
    return JSONResponse({name: fields.getlist(name) for name in fields})


async def upload(request: Request) -> Response:
    async with request.form() as fields:
        files = [file for file in fields.getlist("files") if isinstance(file, UploadFile)]
        return JSONResponse([described(file.filename, await file.read()) for file in files])


async def latin1(request: Request) -> Response:
    return Response(headers={"x-name": "café"})


async def stream(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        for chunk in CHUNKS:
            yield chunk

    return StreamingResponse(chunks(), media_type="text/plain")


async def slash(request: Request) -> Response:
    return Response("ok")


async def error(request: Request) -> Response:
    raise ValueError("boom")


async def event(request: Request) -> Response:
    return JSONResponse({"keys": sorted({"aws.event", "aws.context"} & request.scope.keys())})


app = Starlette(
    routes=[
        Route("/json", json),
        Route("/json", post_json, methods=["POST"]),
        Route("/path/{rest:path}", path),
        Route("/query", query),
        Route("/cookies", cookies),
        Route("/set-cookies", set_cookies),
        Route("/redirect", redirect),
        Route("/url", url),
        Route("/binary", binary),
        Route("/form", form, methods=["POST"]),
        Route("/upload", upload, methods=["POST"]),
        Route("/latin1", latin1),
        Route("/stream", stream),
        Route("/slash/", slash),
        Route("/error", error),
        Route("/event", event),
    ]
)
