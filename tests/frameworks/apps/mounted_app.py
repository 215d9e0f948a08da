from a2wsgi import WSGIMiddleware
from fastapi import FastAPI

from . import flask_app

app = FastAPI()
app.mount("/flask", WSGIMiddleware(flask_app.app))
