from falcon import App, HTTPFound, Request, Response

from . import BINARY, COOKIES


class Items:
    def on_get(self, request: Request, response: Response, name: str) -> None:
        response.media = {"name": name, "q": request.get_param("q")}


class Link:
    def on_get(self, request: Request, response: Response) -> None:
        response.media = {"url": f"{request.prefix}/items/a", "request": request.uri}


class Redirect:
    def on_get(self, request: Request, response: Response) -> None:
        raise HTTPFound(f"{request.root_path}/items/a")


class Cookies:
    def on_get(self, request: Request, response: Response) -> None:
        response.media = request.cookies
        for cookie in COOKIES:
            response.append_header("Set-Cookie", cookie)


class Upload:
    def on_post(self, request: Request, response: Response) -> None:
        response.media = [len(part.stream.read()) for part in request.media]


class Download:
    def on_get(self, request: Request, response: Response) -> None:
        response.content_type = "application/octet-stream"
        response.data = BINARY


class Error:
    def on_get(self, request: Request, response: Response) -> None:
        raise ValueError("boom")


app = App()
app.add_route("/items/{name:path}", Items())
app.add_route("/link", Link())
app.add_route("/redirect", Redirect())
app.add_route("/cookies", Cookies())
app.add_route("/upload", Upload())
app.add_route("/download", Download())
app.add_route("/error", Error())
