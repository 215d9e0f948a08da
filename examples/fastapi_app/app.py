"""A FastAPI app on Lambda, small enough to read in one go: each route shows one thing.

The app knows nothing of Lambda. The last line is all that it takes.
"""

import asyncio
import hashlib
import logging
import struct
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, TypedDict

from fastapi import BackgroundTasks, FastAPI, File, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel, Field

from bridge import Bridge

logger = logging.getLogger(__name__)


# A resource that is made once and then shared by all requests ---------------------------------------------------------


@dataclass
class Pool:
    """A stand-in for what is slow to open: a database pool, an HTTP client, a model."""

    opened: float
    uses: int = 0


class State(TypedDict):
    """What the lifespan yields; requests have it in `request.state`."""

    pool: Pool


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[State]:
    """Open the pool when Lambda starts a new instance of the function, close it when the instance ends."""
    pool = Pool(opened=time.time())
    app.state.greeting = "hello"
    yield {"pool": pool}
    logger.info("closing the pool after %s uses", pool.uses)


app = FastAPI(title="FastAPI on Lambda", lifespan=lifespan)


@app.get("/pool")
async def pool(request: Request) -> dict[str, float]:
    """`uses` grows from request to request: the pool outlives them all."""
    shared: Pool = request.state.pool
    shared.uses += 1
    return {"opened": shared.opened, "uses": shared.uses}


# The start page -------------------------------------------------------------------------------------------------------

LINKS = {
    "hello": "JSON",
    "hello_sync": "JSON, from an endpoint without async",
    "items": "query parameters",
    "cookies": "cookies: reload to see them arrive",
    "picture": "a PNG that the app draws",
    "report": "a download",
    "countdown": "a streaming response",
    "old": "a redirect",
    "where": "the URLs that the app sees",
    "pool": "a resource that outlives the request",
    "event": "what Lambda sent",
    "fails": "an endpoint that raises",
    "swagger_ui_html": "the API's documentation",
}


STYLE = """
:root { color-scheme: light dark; --page: #f4f6f8; --card: #fff; --text: #1d2530; --quiet: #5b6675; --link: #0b6e69 }
@media (prefers-color-scheme: dark) {
  :root { --page: #12161c; --card: #1c232d; --text: #e5e9f0; --quiet: #98a3b5; --link: #5fd0c5 }
}
body { margin: 0; padding: 3rem 1rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui }
main { max-width: 44rem; margin: auto }
h1 { margin: 0; font-size: 1.9rem }
p { margin: .3rem 0 0; color: var(--quiet) }
ul, form { margin: 1.4rem 0 0; padding: .6rem 1.3rem; list-style: none; background: var(--card); border-radius: .7rem }
li { display: grid; grid-template-columns: minmax(7rem, 14rem) 1fr; gap: 0 1rem; padding: .5rem 0 }
a { color: var(--link); font-family: ui-monospace, monospace; overflow-wrap: anywhere }
form { padding: 1.2rem 1.3rem }
button { padding: .4rem 1rem; border: 0; border-radius: .4rem; color: var(--card); background: var(--link) }
"""


@app.get("/", response_class=HTMLResponse)
async def start(request: Request) -> str:
    """Links to everything. `url_for` knows the stage: they work on every address the function has."""
    urls = [(request.url_for(name), text) for name, text in LINKS.items()]
    urls.append((request.url_for("item", name="naïve café / 100 %"), "a path parameter"))
    links = "\n".join(f'<li><a href="{url}">{url.path}</a> {text}</li>' for url, text in urls)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>FastAPI on Lambda</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>FastAPI on Lambda</h1>
<p>An ordinary FastAPI app behind <code>Bridge(app)</code>. Each link shows one thing.</p>
<ul>
{links}
</ul>
<form method="post" enctype="multipart/form-data" action="{request.url_for("upload")}">
<label>Files, to see what arrives of them: <input type="file" name="files" multiple></label>
<button>Upload</button>
</form>
</main>
</body>
</html>
"""


# Requests -------------------------------------------------------------------------------------------------------------


@app.get("/hello")
async def hello(request: Request) -> dict[str, str]:
    """JSON; the greeting comes from `app.state`, which the lifespan has filled."""
    return {request.app.state.greeting: "world"}


@app.get("/hello-sync")
def hello_sync() -> dict[str, str]:
    """Endpoints without `async` run in a thread, as everywhere."""
    return {"hello": "from a thread"}


@app.get("/items")
async def items(tag: Annotated[list[str], Query()] = ["new", "on sale"], limit: int = 10) -> dict[str, object]:  # noqa: B006
    """Query parameters; `tag` may come more than once."""
    return {"tags": tag, "limit": limit}


@app.get("/items/{name:path}")
async def item(name: str) -> dict[str, str]:
    """A path parameter; with `:path` it may have slashes in it."""
    return {"name": name}


class Order(BaseModel):
    """What `POST /orders` takes. Anything else is answered with 422 and the reason."""

    item: str
    count: int = Field(default=1, gt=0)


@app.post("/orders", status_code=201)
async def order(order: Order, background: BackgroundTasks) -> Order:
    """A JSON body, checked by pydantic, and a task for after the response.

    Lambda freezes the function as soon as it has answered, so the answer waits for background tasks: keep them short.
    """
    background.add_task(logger.info, "ordered: %s x %s", order.count, order.item)
    return order


class Uploaded(BaseModel):
    """What has arrived of a file."""

    name: str | None
    size: int
    sha256: str


@app.post("/upload")
async def upload(files: Annotated[list[UploadFile], File()]) -> list[Uploaded]:
    """Files from a form. On a REST API, set its `BinaryMediaTypes` to `*/*`, or it damages them on the way in."""
    uploaded = []
    for file in files:
        content = await file.read()
        digest = hashlib.sha256(content).hexdigest()
        uploaded.append(Uploaded(name=file.filename, size=len(content), sha256=digest))
    return uploaded


@app.get("/event")
async def event(request: Request) -> dict[str, object]:
    """The event as Lambda gave it, with all that HTTP has no place for, and who called."""
    context = request.scope["aws.context"]
    return {
        "event": request.scope["aws.event"].raw_event,
        "request_id": getattr(context, "aws_request_id", None),
        "client": request.client.host if request.client else None,
    }


# Responses ------------------------------------------------------------------------------------------------------------


@app.get("/cookies")
async def cookies(request: Request, response: Response) -> dict[str, str]:
    """Answers with the cookies that came, and sets two."""
    response.set_cookie("visited", "yes", max_age=3600, httponly=True, secure=True)
    response.set_cookie("theme", "dark")
    return request.cookies


@app.get("/picture.png")
async def picture(size: Annotated[int, Query(gt=0, le=1024)] = 256) -> Response:
    """Bytes: they arrive as they are, through events and results that are JSON."""
    rows = [
        b"\0" + bytes(value for x in range(size) for value in (x * 255 // size, y * 255 // size, 128))
        for y in range(size)
    ]
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)  # 8 bits a channel, RGB
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return Response(png, media_type="image/png")


@app.get("/report")
async def report() -> Response:
    """A download, under a name of its own."""
    csv = "city,temperature\nZürich,18\n北京,24\n"
    return Response(csv, media_type="text/csv", headers={"content-disposition": 'attachment; filename="report.csv"'})


@app.get("/countdown")
async def countdown() -> StreamingResponse:
    """A streaming response. Lambda takes a result in one piece, so the client gets it when it is complete."""

    async def lines() -> AsyncIterator[str]:
        for number in (3, 2, 1):
            yield f"{number}\n"
            await asyncio.sleep(0.01)
        yield "lift-off\n"

    return StreamingResponse(lines(), media_type="text/plain")


@app.get("/old")
async def old(request: Request) -> RedirectResponse:
    """A redirect to `/hello`."""
    return RedirectResponse(request.url_for("hello"))


@app.get("/where")
async def where(request: Request) -> dict[str, str]:
    """URLs, with the stage of the API where the client's URL has one."""
    return {"this": str(request.url), "hello": str(request.url_for("hello")), "root_path": request.scope["root_path"]}


@app.get("/fails")
async def fails() -> None:
    """The client gets a plain 500, and the function's log the traceback."""
    raise RuntimeError("this endpoint always fails")


handler = Bridge(app)
