from typing import Any

from connexion import request
from connexion.lifecycle import ConnexionResponse
from starlette.responses import JSONResponse

from . import BINARY, COOKIES


def items(name: str, q: str | None = None) -> dict[str, Any]:
    return {"name": name, "q": q}


def link() -> dict[str, str]:
    return {"url": f"{str(request.base_url).rstrip('/')}/items/a", "request": str(request.url)}


def redirect() -> ConnexionResponse:
    return ConnexionResponse(status_code=302, headers={"Location": "items/a"}, body=b"", content_type="text/plain")


def cookies() -> Any:
    response = JSONResponse(dict(request.cookies))
    for cookie in COOKIES:
        response.headers.append("set-cookie", cookie)
    return response


async def upload(files: Any) -> list[int]:
    return [len(await file.read()) for file in files]


def download() -> ConnexionResponse:
    return ConnexionResponse(body=BINARY, content_type="application/octet-stream")


def error() -> None:
    raise ValueError("boom")
