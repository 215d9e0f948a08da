"""One app in each framework, all with the same routes. Each module has an `app`.

GET  /json          {"hello": "world"}
POST /json          the JSON that came
GET  /path/{rest}   {"rest": the rest of the path, as the framework decodes it}
GET  /query         the query parameters: {name: [value, ...]}
GET  /cookies       the cookies: {name: value}
GET  /set-cookies   two cookies, one with attributes that have a comma and a semicolon
GET  /redirect      to /json, by the framework's reverse routing
GET  /url           {"url": that of /json, "request": that of the request}, absolute
GET  /binary        the 256 bytes, as application/octet-stream
POST /form          the form fields: {name: [value, ...]}
POST /upload        [[file name, size, sha256], ...] of the files in `files`
GET  /latin1        the header X-Name: café, in latin-1
GET  /stream        b"one, ", b"two, ", b"three", each by itself
GET  /slash/        "ok"; without its slash, the framework may redirect
GET  /error         raises ValueError("boom"), which the framework or Bridge is to log
GET  /event         {"keys": those of "aws.event" and "aws.context" that are in the scope or environ}
"""

from hashlib import sha256

COOKIES = ["session=abc; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly; Path=/", "theme=dark; Path=/"]
CHUNKS = [b"one, ", b"two, ", b"three"]


def described(name: str | None, content: bytes) -> list[object]:
    return [name, len(content), sha256(content).hexdigest()]
