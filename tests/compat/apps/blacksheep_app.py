from blacksheep import Application, Cookie, FromFiles, Request, Response, file, json, redirect as redirect_to
from blacksheep.messages import get_absolute_url_to_path

from . import BINARY

app = Application()
started: list[str] = []


@app.on_start
async def start(_: Application) -> None:
    started.append("up")


@app.router.get("/items/*")
async def items(request: Request) -> Response:
    q = request.query.get("q")
    assert request.route_values is not None
    return json({"name": request.route_values["tail"], "q": q[0] if q else None})


@app.router.get("/link")
async def link(request: Request) -> Response:
    return json({"url": str(get_absolute_url_to_path(request, "/items/a"))})


@app.router.get("/redirect")
async def redirect(request: Request) -> Response:
    return redirect_to(f"{request.base_path}/items/a")


@app.router.get("/cookies")
async def cookies(request: Request) -> Response:
    response = json(request.cookies)
    response.set_cookie(Cookie("session", "abc"))
    response.set_cookie(Cookie("theme", "dark"))
    return response


@app.router.post("/upload")
async def upload(files: FromFiles) -> Response:
    return json([len(part.data) for part in files.value])


@app.router.get("/download")
async def download() -> Response:
    return file(BINARY, "application/octet-stream")


@app.router.get("/error")
async def error() -> Response:
    raise ValueError("boom")


@app.router.get("/state")
async def state() -> Response:
    return json(started)
