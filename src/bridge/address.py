"""Who talks to whom: the server's and the client's address, out of texts that a client can write."""

PORTS = {"http": 80, "https": 443}


def server(host: str | None, scheme: str) -> tuple[str, int]:
    """Name and port that the client asked for, from the Host header (RFC 9110 section 7.2).

    A Host that is missing or malformed never raises: the port falls back to the scheme's own.
    IPv6 literals lose their brackets, as in ASGI's `server`.
    """
    port = PORTS[scheme]
    if not host:
        return "localhost", port
    if ":" not in host:
        return host, port
    if host[0] == "[":
        name, _, rest = host[1:].partition("]")
        digits = rest.removeprefix(":")
    else:
        name, _, digits = host.partition(":")
    return name or "localhost", _port(digits) or port


def client(forwarded_for: str | None) -> tuple[str, int] | None:
    """The peer that the load balancer saw: the last entry of X-Forwarded-For, with its port if it has one.

    Everything to the left of the last entry was sent by the client and proves nothing. An entry is `1.2.3.4`,
    `1.2.3.4:5`, `2001:db8::1` or `[2001:db8::1]:5` (the load balancer's `xff_client_port` attribute adds ports).
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
    """
    entry = (forwarded_for or "").rpartition(",")[2].strip()
    if not entry:
        return None
    if entry[0] == "[":
        name, _, rest = entry[1:].partition("]")
        return name, _port(rest.removeprefix(":"))
    if entry.count(":") == 1:
        name, _, digits = entry.partition(":")
        return name, _port(digits)
    return entry, 0


def _port(digits: str) -> int:
    if digits.isascii() and digits.isdigit() and len(digits) <= 5 and int(digits) <= 65535:
        return int(digits)
    return 0
