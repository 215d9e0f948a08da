"""Python where a module is not installed."""

import subprocess
import sys

HIDE = """
import sys
class Hidden:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden)
"""


def run_without(module: str, code: str) -> subprocess.CompletedProcess[str]:
    """What comes of some code in a process that cannot import a module."""
    return subprocess.run(
        [sys.executable, "-c", HIDE.format(module=module) + code], capture_output=True, text=True, check=False
    )
