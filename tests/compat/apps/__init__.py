"""One small app in each framework: the routes of the contract in `..contract`, written as its documentation does."""

COOKIES = ["session=abc; HttpOnly; Path=/", "theme=dark; Path=/"]
BINARY = bytes(range(256))
