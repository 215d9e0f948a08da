"""The command `bridge`: serve a handler locally, invoke it, print a sample event, package it for Lambda."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from .. import __version__
from ..errors import BridgeError
from ..runtime._import_string import UsageError, find, parts
from . import (
    api_options,
    banner,
    completion,
    env_file,
    event,
    examples,
    given,
    inspecting,
    invoke,
    log_options,
    policy,
    template,
    websocket_options,
)
from .loading import EXTRA, NotImportedError, loaded
from .packaging import check, coldstart, package

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Literal

    from ..gateway import Gateway, WebSocketGateway
    from ..gateway._both_sides import BothSides
    from ..gateway._host_guard import HostGuard
    from ..gateway._inspector import Inspector

_SETTINGS = "BRIDGE_SERVE"
"""Where `serve --reload` leaves its arguments for the processes that it starts."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Return its exit code: 0, 2 for a wrong command line, 1 if `check` finds something wrong."""
    options = _parser().parse_args(arguments)
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        code: int = options.run(options) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has had enough (`| head`). The interpreter flushes once more at its end, to where that does no harm.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13  # SIGPIPE, which other programs end by
    except NotImportedError as error:
        print(error, file=sys.stderr)
        return 1
    except (BridgeError, UsageError) as error:
        complaint = str(error)
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        complaint = f'{error.name} is missing: pip install "lambda-bridge[serve]"'
    else:
        return code
    print(f"bridge {options.command}: {complaint}", file=sys.stderr)
    return 2


def gateway() -> HostGuard:
    """Return the gateway that `serve --reload` has been asked for: a factory for the processes that uvicorn starts."""
    from ..gateway._server import guarded

    settings = json.loads(os.environ[_SETTINGS])
    try:
        hosts, any_signature = settings.pop("hosts"), settings.pop("any_signature", False)
        return guarded(_gateway(settings), hosts, any_signature=any_signature)
    except (BridgeError, UsageError) as error:
        sys.exit(f"bridge serve: {error}")
    except NotImportedError as error:
        sys.exit(str(error))


def _gateway(settings: dict[str, Any]) -> Gateway | WebSocketGateway | BothSides | Inspector:
    from ..gateway import Gateway, Processes, WebSocketGateway, _local_log

    inspector = inspecting.set_up(settings["target"]) if settings.pop("inspect", False) else None
    if inspector is None:
        _local_log.set_up(sys.stdout)
    target, count, routing, websocket = (settings.pop(name) for name in ("target", "processes", "routing", "websocket"))
    streaming: Literal["on", "off"] = "on" if settings["streaming"] else "off"
    # A gateway that runs the app on its own loop starts it up there. A function that streams has bridge.runtime in
    # Lambda, which starts it up after the import too. Others have Lambda's own, which does so in `Bridge(app)`.
    as_runtime = not websocket and settings["streaming"]
    starts_later = not websocket and settings["concurrency"] > 1
    handler: Any
    if count:
        handler = Processes(target, count, routing)
    else:
        handler = loaded(target, "serve", streaming=streaming, as_lambda=not as_runtime, starts_later=starts_later)
    made: Gateway | WebSocketGateway | BothSides
    if websocket:
        authorizer = websocket.pop("authorizer")
        made = sockets = WebSocketGateway(
            handler, authorizer=authorizer and loaded(authorizer, "serve", as_lambda=False), **websocket
        )
    if settings.get("api") != "websocket":
        made = http = Gateway(handler, **settings)
        if websocket:
            from ..gateway._both_sides import BothSides

            made = BothSides(http, sockets)
    if count:
        handler.start()
    if inspector is None:
        return made
    inspector.is_app = not count and handler is not find(target)
    return inspector.before(made)


def _serve(options: argparse.Namespace) -> None:
    log_options.apply(options)
    path = template.found(options.target)
    if path is not None:
        given.refuse(options, given.APPS, "a template says that itself")
        template.serve(options, path)
        return
    given.refuse(options, given.TEMPLATES, f"that is for templates, and {options.target} is none")
    if options.api != "websocket" and not options.websocket:
        given.refuse(options, given.WEBSOCKETS, "that is for WebSocket APIs: --api websocket, or --websocket")
    if not options.processes:
        given.refuse(options, ["routing"], "that is for several processes: --processes N")
    from ..gateway import Server
    from ..gateway._environment import environment, lent, shared, signing

    if options.streaming and (options.processes or options.api == "websocket"):
        raise UsageError("--streaming is for function URLs and REST APIs, and without --processes")
    options.concurrency = options.processes or options.concurrency
    both = options.websocket and options.api != "websocket"
    websocket = websocket_options.settings(options) if both or options.api == "websocket" else None
    settings = {
        "target": options.target,
        "api": options.api,
        "stage": websocket["stage"] if websocket and not both else options.stage,
        "payload": options.payload,
        "multi_value": options.multi_value,
        "trigger": options.trigger,
        "binary_media_types": ["*/*"] if options.binary_media_types is None else options.binary_media_types,
        "timeout": options.timeout,
        "concurrency": options.concurrency,
        "processes": options.processes,
        "routing": options.routing,
        "websocket": websocket,
        "streaming": options.streaming,
        "inspect": options.inspect,
    }
    with (
        closing(
            Server(options.host, options.port, hosts=options.allow_host, any_signature=options.any_signature)
        ) as server,
        lent(env_file.variables(options)),
        lent(environment(server.url, websocket["stage"]) if websocket else {}),
        shared(bool(websocket and options.processes)) as file,
    ):
        if options.reload:
            parts(options.target)
            os.environ[_SETTINGS] = json.dumps(
                {**settings, "hosts": [*server.hosts], "any_signature": server.any_signature}
            )
            app: Any = "bridge._command.cli:gateway"
        else:
            app = _gateway(settings)
        for line in banner.lines(options.target, server.url, {**settings, "websocket": websocket}):
            print(line)
        if websocket and not options.any_signature:
            print(f"signed with: {signing()}")
        if file:
            print(f"its store, where the app has a MemoryStore, which its processes could not share: {file}")
        inspecting.told(options, server.url)
        sys.stdout.flush()
        server.run(app, reload=options.reload)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("bridge", description="Any ASGI or WSGI app as a Lambda handler.")
    parser.add_argument("-V", "--version", action="version", version=__version__)
    completion.add(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    serve = commands.add_parser("serve", help="serve a handler, an app, or a SAM or CloudFormation template")
    serve.add_argument(
        "target",
        metavar="TARGET",
        nargs="?",
        help="MODULE:HANDLER, a Lambda handler or an app; or a template (default: template.yaml in this folder)",
    )
    template.add(serve)
    api_options.add(serve)
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
    serve.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name by which clients may ask, beside localhost and IP addresses: shop.example.com, *.example.com",
    )
    serve.add_argument(
        "--any-signature", action="store_true", help="Invoke and @connections take requests whoever has signed them"
    )
    serve.add_argument("--reload", action="store_true", help="start again when a file changes")
    serve.add_argument(
        "--binary-media-types",
        nargs="*",
        metavar="TYPE",
        help="a REST API's binaryMediaTypes (default: */*; none at all: as REST APIs are by default)",
    )
    serve.add_argument("--timeout", type=float, default=30, help="the function's timeout, seconds (default: 30)")
    serve.add_argument("--concurrency", type=int, default=1, help="events handled at once (default: 1, as in Lambda)")
    serve.add_argument("--processes", type=int, default=0, metavar="N", help="run the handler in N processes")
    routings = ["turn", "random", "sticky"]
    serve.add_argument("--routing", choices=routings, default="turn", help="which idle process gets an event")
    websocket_options.add(serve)
    serve.add_argument(
        "--streaming", action="store_true", help="the API expects a stream; function URLs and REST APIs only"
    )
    inspecting.add(serve)
    env_file.add(serve)
    log_options.add(serve)
    serve.set_defaults(run=_serve, parser=serve)

    template.add_send(commands)

    for command in (invoke, event, package, check, coldstart, policy):
        command.add(commands)
    examples.add(commands)
    return parser
