"""The stage of an API: which part of the path it is, and whether the client's URL has it.

A client that calls an execute-api domain has the stage in its URL, so the app must know it (ASGI `root_path`, WSGI
`SCRIPT_NAME`) to make right links. On a custom domain the client never sees it.
"""

EXECUTE_API = ".execute-api."


def of_http_api(path: str, raw_path: bytes, stage: str | None, domain: str | None) -> tuple[str, bytes, str]:
    """Path, raw path and root path of an HTTP API's event, which has a named stage in front of its path, always."""
    if not stage or stage == "$default":
        return path, raw_path, ""
    prefix = "/" + stage
    if path != prefix and not path.startswith(prefix + "/"):
        return path, raw_path, ""
    if EXECUTE_API in (domain or ""):
        return path, raw_path, prefix
    return path[len(prefix) :] or "/", raw_path[len(prefix) :] or b"/", ""


def of_rest_api(
    path: str, raw_path: bytes, stage: str | None, domain: str | None, full: str | None
) -> tuple[str, bytes, str]:
    """Path, raw path and root path of a REST API's event, which has the stage only in `requestContext.path`.

    ASGI wants `root_path` inside `path`, so the stage is put in front again. `full` is not simply stage and path: it
    keeps a leading double slash that `path` has lost.
    """
    if not stage or EXECUTE_API not in (domain or ""):
        return path, raw_path, ""
    prefix = "/" + stage
    whole = prefix + path
    if whole == full:
        return whole, prefix.encode() + raw_path, prefix
    if not full or not full.startswith(prefix):
        return path, raw_path, ""
    if path.startswith(prefix + "/") and not full[len(prefix) :].lstrip("/").startswith(stage + "/"):
        return path, raw_path, ""
    return whole, prefix.encode() + raw_path, prefix
