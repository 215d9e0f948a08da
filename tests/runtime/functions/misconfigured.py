"""A Bridge with an option that cannot work."""

from typing import Any

from bridge import Bridge

option: Any = "never"
handler = Bridge(lambda environ, start_response: [], lifespan=option)
