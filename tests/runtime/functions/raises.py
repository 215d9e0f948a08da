"""A module whose import raises."""

import logging

logging.getLogger("raises").warning("about to raise")
raise ArithmeticError("in the module")
