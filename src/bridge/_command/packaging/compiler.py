"""Bytecode for Lambda, made by the Python that runs this file: `python -S -P -B compiler.py`.

Standard input has what is to be compiled, and standard output tells of what could not be. Nothing of Bridge is imported
here: it may not be installed for that Python.
"""

import importlib.util
import json
import os
import py_compile
import sys
import warnings


def compile_files(root: str, names: list[str], prefix: str) -> dict[str, str]:
    """Compile files, each into `__pycache__` beside it, and return what went wrong, by name.

    The bytecode holds a hash of its source, and Python loads it without a look at the source ("unchecked", PEP 552). So
    the dates of files mean nothing to it.

    Args:
        root: the folder.
        names: of the files in it, with slashes.
        prefix: where the folder will be, for tracebacks.
    """
    errors = {}
    for name in names:
        path = os.path.join(root, *name.split("/"))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a library's invalid escapes its user need not hear
                py_compile.compile(
                    path,
                    importlib.util.cache_from_source(path, optimization=""),
                    dfile=prefix + name,
                    doraise=True,
                    optimize=0,
                    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
                )
        except py_compile.PyCompileError as error:
            errors[name] = str(error.exc_value)
        except (ValueError, RecursionError, OSError) as error:
            errors[name] = str(error)
    return errors


def main() -> None:
    """Compile what standard input asks for."""
    json.dump(compile_files(**json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
