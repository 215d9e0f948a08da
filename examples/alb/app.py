"""A Flask app behind an Application Load Balancer that sends every header and parameter, however often it comes."""

from flask import Flask, Response, jsonify, request

from bridge import Bridge

app = Flask(__name__)


@app.get("/")
def start() -> Response:
    """What came: a repeated parameter keeps all of its values, and the client's address is the one the balancer saw."""
    return jsonify(names=request.args.getlist("name"), client=request.remote_addr)


@app.get("/login")
def login() -> Response:
    """Two cookies: a target group without multi-value headers would lose one."""
    answer = Response("welcome\n", mimetype="text/plain")
    answer.set_cookie("session", "a1b2", httponly=True)
    answer.set_cookie("theme", "dark")
    return answer


@app.get("/healthy")
def healthy() -> str:
    """The balancer asks for this, if health checks are on. Each is an invocation, and is billed."""
    return "yes\n"


handler = Bridge(app, accepts={"alb"})  # requests come from the balancer, and from nowhere else
