"""Apps in apps: a2wsgi, in both directions."""

from a2wsgi import ASGIMiddleware, WSGIMiddleware

from . import flask_app, starlette_app

flask_as_asgi = WSGIMiddleware(flask_app.app)
starlette_as_wsgi = ASGIMiddleware(starlette_app.app)
