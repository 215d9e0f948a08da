"""The commands for templates: `bridge serve template.yaml`, and `bridge send`."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from ..runtime._import_string import UsageError
from . import inspecting

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ..gateway._inspector import Inspector
    from ..gateway._template import Template
    from ..gateway._template.serving import Desk

NAMES = ("template.yaml", "template.yml", "template.json")
"""Files that are taken for a template where no target is named."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add what `serve` can be told of a template."""
    group = parser.add_argument_group("templates")
    group.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="of the template")
    group.add_argument("--import", action="append", default=[], dest="imports", metavar="NAME=VALUE", help="an export")
    group.add_argument(
        "--config-env", default="default", metavar="NAME", help="environment of samconfig.toml (default: default)"
    )
    group.add_argument("--region", help="AWS::Region (default: $AWS_REGION, samconfig.toml's, or us-east-1)")
    group.add_argument("--venv", metavar="FOLDER", help="a virtual environment that runs the functions")
    group.add_argument("--jwks", metavar="FILE", help="a JSON Web Key Set, for issuers that do not answer")
    group.add_argument("--explain", action="store_true", help="log the way of each request, and why it was taken")
    group.add_argument("--run-schedules", action="store_true", help="send the schedules' events when their time comes")


def add_send(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `send`."""
    parser = commands.add_parser("send", help="send an event to a function of the template that is being served")
    parser.add_argument(
        "name", metavar="NAME", help="a function, an event, a queue, a topic, a bucket, a table, a rule"
    )
    parser.add_argument("bodies", nargs="*", metavar="BODY", help="of a message or record each; - reads one")
    parser.add_argument("--template", default="", metavar="FILE", help="(default: the one in this folder)")
    parser.set_defaults(run=send)


def found(target: str | None) -> Path | None:
    """Return the template that `serve` is to serve: the target, if it is a file of that kind, or the folder's."""
    if target is None:
        for name in NAMES:
            if Path(name).is_file():
                return Path(name)
        raise UsageError(f"say what to serve: MODULE:HANDLER, or a template; there is no {NAMES[0]} here")
    return Path(target) if target.endswith((".yaml", ".yml", ".json")) else None


def serve(options: argparse.Namespace, path: Path) -> None:
    """Serve a template until the process is interrupted."""
    from ..gateway import _local_log
    from ..gateway._environment import signing

    inspector = inspecting.set_up(str(path), lambda: desk.deployment.stack) if options.inspect else None
    if inspector is None:
        _local_log.set_up(sys.stdout)

    def read() -> Template:
        from ..gateway._template import Template

        return Template(
            path,
            parameters=_pairs(options.parameter, "--parameter"),
            imports=_pairs(options.imports, "--import"),
            environment_file=options.env_file,
            config_env=options.config_env,
            region=options.region or os.environ.get("AWS_REGION") or "",
            python=_python(options.venv),
            jwks=_jwks(options.jwks),
            explain=options.explain,
        )

    template = read()
    # What ends the server ends the functions too, and takes the file away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    desk = template.desk(options.host, options.port, eager=True)
    with closing(desk), _noted(path, desk):
        desk.prepare()
        for line in [*(f"{path}, {note}" for note in template.notes), *desk.lines()]:
            print(line)
        if not options.any_signature:
            print(f"signed with: {signing()}")
        inspecting.told(options, next(iter(desk.served.values()), desk.control))
        sys.stdout.flush()
        _beside(options, path, desk, read)
        app = desk if inspector is None else inspector.before(desk)
        hosts = {options.host, *desk.deployment.stack.domains, *options.allow_host}
        _run(app, desk, hosts, any_signature=options.any_signature)


def _beside(options: argparse.Namespace, path: Path, desk: Desk, read: Any) -> None:
    """Add what goes on beside the server, if asked for: the schedules, and the following of files."""
    from functools import partial

    from ..gateway._template import reloading, schedules

    if options.run_schedules:
        for resource in desk.deployment.stack.events:
            if resource.schedule and resource.enabled:
                schedules.Schedule(resource.schedule)
                desk.companions.append(partial(schedules.run, resource, lambda: desk.sender))

    def renew() -> None:
        try:
            desk.renew(read().deployment())
        except ConfigurationError as error:
            logging.getLogger("bridge.gateway").error("%s: %s", path, error)
        else:
            logging.getLogger("bridge.gateway").info("%s: served anew", path)

    if options.reload:
        desk.companions.append(partial(reloading.follow, path, lambda: desk.deployment, renew))


@contextmanager
def _noted(path: Path, desk: Desk) -> Iterator[None]:
    """Keep a file that says where the template is served, for `send`, as long as the block lasts."""
    from ..gateway._environment import secret
    from ..gateway._template.serving import state_file

    state = state_file(path)
    state.unlink(missing_ok=True)
    descriptor = os.open(state, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"url": desk.control, "process": os.getpid(), "secret": secret()}, file)
    try:
        yield
    finally:
        state.unlink(missing_ok=True)


def _run(app: Desk | Inspector, desk: Desk, hosts: Iterable[str], *, any_signature: bool) -> None:
    from ..gateway._server import guarded, run_until_interrupted

    served = guarded(app, hosts, any_signature=any_signature, environments=lambda: desk.deployment.variables())
    run_until_interrupted(served, desk.sockets)


def send(options: argparse.Namespace) -> None:
    """Send an event to a function of the template that is being served, and print what has become of it."""
    from urllib.error import HTTPError, URLError
    from urllib.request import ProxyHandler, Request, build_opener

    from ..gateway._template.control import HEADER, SEND_PATH
    from ..gateway._template.serving import state_file

    path = found(options.template or None)
    if path is None:
        raise UsageError(f"{options.template!r} is no template")
    try:
        state = json.loads(state_file(path).read_text())
    except OSError:
        raise UsageError(f"nothing serves {path}: bridge serve {path}") from None
    bodies = [_body(sys.stdin.read() if each == "-" else each) for each in options.bodies]
    data = json.dumps({"name": options.name, "bodies": bodies}).encode()
    url = state["url"]
    headers = {HEADER: state["secret"], "content-type": "application/json"}
    opener = build_opener(ProxyHandler({}))  # a proxy does not reach this machine's own address
    try:
        with opener.open(Request(url + SEND_PATH, data, headers)) as answer:  # noqa: S310 - our own file has the URL
            steps = json.load(answer)
    except HTTPError as error:
        with error:
            raise UsageError(json.load(error)["message"]) from None
    except URLError as error:
        raise UsageError(f"nothing answers at {url}: {error.reason}") from None
    for step in steps:
        print(json.dumps(step, ensure_ascii=False))


def _body(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _pairs(given: list[str], option: str) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise UsageError(f"{option} takes NAME=VALUE, not {name!r}")
    return {name: value for name, _, value in pairs}


def _jwks(file: str | None) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        keys = json.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    except ValueError:
        keys = None
    if not isinstance(keys, dict) or not isinstance(keys.get("keys"), list):
        raise UsageError(f"{file} is no JSON Web Key Set")
    return {"*": keys}


def _python(folder: str | None) -> str:
    if folder is None:
        return ""
    for place in ("bin/python", "Scripts/python.exe"):
        python = Path(folder) / place
        if python.exists():
            return str(python.absolute())
    raise UsageError(f"{folder} is no virtual environment: it has no bin/python")
