"""One of the patterns, chosen by a variable, as a Lambda handler for processes."""

import os

from bridge import Bridge

from .patterns import PATTERNS, app_of

handler = Bridge(app_of({talk.__name__: talk for talk in PATTERNS}[os.environ["PATTERN"]]), lifespan="off")
