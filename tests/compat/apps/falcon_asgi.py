from typing import Any

from falcon import HTTPFound
from falcon.asgi import App, Request, Response

from . import BINARY, COOKIES

started: list[str] = []


class Lifespan:
    async def process_startup(self, scope: Any, event: Any) -> None:
        started.append("up")


class Items:
    async def on_get(self, request: Request, response: Response, name: str) -> None:
        response.media = {"name": name, "q": request.get_param("q")}


class Link:
    async def on_get(self, request: Request, response: Response) -> None:
        response.media = {"url": f"{request.prefix}/items/a", "request": request.uri}


class Redirect:
    async def on_get(self, request: Request, response: Response) -> None:
        raise HTTPFound(f"{request.root_path}/items/a")


class Cookies:
    async def on_get(self, request: Request, response: Response) -> None:
        response.media = request.cookies
        for cookie in COOKIES:
            response.append_header("Set-Cookie", cookie)


class Upload:
    async def on_post(self, request: Request, response: Response) -> None:
        response.media = [len(await part.stream.read()) async for part in await request.get_media()]


class Download:
    async def on_get(self, request: Request, response: Response) -> None:
        response.content_type = "application/octet-stream"
        response.data = BINARY


class Error:
    async def on_get(self, request: Request, response: Response) -> None:
        raise ValueError("boom")


class State:
    async def on_get(self, request: Request, response: Response) -> None:
        response.media = started


app = App(middleware=[Lifespan()])
app.add_route("/items/{name:path}", Items())
app.add_route("/link", Link())
app.add_route("/redirect", Redirect())
app.add_route("/cookies", Cookies())
app.add_route("/upload", Upload())
app.add_route("/download", Download())
app.add_route("/error", Error())
app.add_route("/state", State())
