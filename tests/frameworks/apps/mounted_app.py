from a2wsgi import WSGIMiddleware
from fastapi import FastAPI
from flask import Flask

from . import flask_app


def mounted(path: str, flask: Flask) -> FastAPI:
    app = FastAPI()
    app.mount(path, WSGIMiddleware(flask))  # type: ignore[arg-type]  # a2wsgi's types are narrower than anyone's
    return app


app = mounted("/flask", flask_app.app)
