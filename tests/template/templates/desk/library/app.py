import time

from flask import Flask, Response, request

from bridge import Bridge

app = Flask(__name__)
app.config["PROPAGATE_EXCEPTIONS"] = True


@app.get("/books/cover")
def cover():
    return Response(b"\x89PNG\xff", mimetype="image/png")


@app.get("/books/slow")
def slow():
    time.sleep(30)


@app.get("/books/broken")
def broken():
    raise RuntimeError("broken")


@app.route("/", defaults={"path": ""}, methods=["GET", "POST", "PUT"])
@app.route("/<path:path>", methods=["GET", "POST", "PUT"])
def event(path):
    return {"path": path, "root": request.root_path, "event": request.environ["aws.event"]}


handler = Bridge(app, errors="raise", base_path="/lib")
