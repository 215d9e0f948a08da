"""`python -m bridge`."""

import sys

from ._command.cli import main

sys.exit(main())
