"""A module whose import raises."""

raise ArithmeticError("in the module")
