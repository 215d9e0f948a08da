"""What lies in a function's folder and never runs on Lambda."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .distributions import distributions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .distributions import Distribution
    from .entries import Entry

TESTS = "tests"
STUBS = "type stubs"
SOURCES = "C sources, headers, static libraries"
INSTALLERS = "pip, setuptools, wheel"
SCRIPTS = "command-line scripts"
METADATA = "metadata that no import reads"
TOOLS = "Bridge's local tools"

_STUBS = (".pyi",)
_SOURCES = (".a", ".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".lib", ".pxd", ".pxi", ".pyx")
_KEPT_METADATA = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "namespace_packages.txt", "top_level.txt")
_LICENCE = re.compile(r"licen[cs]e|copying|notice|authors", re.IGNORECASE)
_TOOLS = ("bridge/_command/", "bridge/gateway/", "bridge/__main__.py")
_INSTALLERS = {
    "pip": ("pip/",),
    "wheel": ("wheel/",),
    "setuptools": ("setuptools/", "pkg_resources/", "_distutils_hack/", "distutils-precedence.pth"),
}
_TEST_FILE = re.compile(r"test_\w+\.py|\w+_test\.py|conftest\.py")
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+[.\w]+[ \t]+import[ \t]*(?:\([^)]*\)|[^\n(]+)|import[ \t]+[^\n]+)", re.MULTILINE
)
_QUOTED = re.compile(rb"[\"'][\w.]+\.[\w.]+")


def leftovers(entries: Iterable[Entry]) -> dict[str, str]:
    """Return what never runs, by name, with what it is.

    Tests and tools that something else imports stay: there are packages that import their own tests.
    """
    files = {entry.name: entry for entry in entries}
    known = distributions(files)
    found: dict[str, str] = {}
    for distribution in known:
        found.update(_of_distribution(distribution, files))
    roots = sorted({"", *(distribution.root for distribution in known)}, key=len, reverse=True)
    found.update(_unused(_candidates(files, known, roots), files, roots))
    return found


def _of_distribution(distribution: Distribution, files: Mapping[str, Entry]) -> dict[str, str]:
    found = {}
    for name in distribution.files.intersection(files):
        suffix = PurePosixPath(name).suffix
        if suffix in _STUBS:
            found[name] = STUBS
        elif suffix in _SOURCES:
            found[name] = SOURCES
    for script in distribution.scripts:
        name = f"{distribution.root}bin/{script}"
        if name in files:
            found[name] = SCRIPTS
    for name in files:
        if name.startswith(distribution.folder):
            relative = name.removeprefix(distribution.folder)
            if relative not in _KEPT_METADATA and not _LICENCE.search(relative):
                found[name] = METADATA
    return found


def _candidates(files: Mapping[str, Entry], known: list[Distribution], roots: list[str]) -> dict[tuple[str, ...], str]:
    """Return the groups of folders and files that go if nobody imports any of them, each with what it is."""
    found: dict[tuple[str, ...], str] = {}
    for name in files:
        parts = name.split("/")
        if _TEST_FILE.fullmatch(parts[-1]) and "tests" in parts[:-1]:
            found["/".join(parts[: parts.index("tests") + 1]) + "/",] = TESTS
    for root in roots:
        found |= {(root + tool,): TOOLS for tool in _TOOLS}
    needed = {name for distribution in known for name in distribution.requires}
    for distribution in known:
        if distribution.name in _INSTALLERS and distribution.name not in needed:
            paths = [distribution.root + path for path in _INSTALLERS[distribution.name]]
            found[*paths, distribution.folder] = INSTALLERS
    return found


def _unused(candidates: dict[tuple[str, ...], str], files: Mapping[str, Entry], roots: list[str]) -> dict[str, str]:
    """Return the files of those candidates that nothing which stays imports."""
    groups = {group: [name for name in files if name.startswith(group)] for group in candidates}
    groups = {group: names for group, names in groups.items() if names}
    modules = {prefix: _Module(prefix, roots) for group in groups for prefix in group}
    words = {module.last for module in modules.values()}
    mentions = {name: _mentions(entry, words) for name, entry in files.items() if groups and name.endswith(".py")}
    while True:
        going = {name for names in groups.values() for name in names}
        staying = {name: found for name, found in mentions.items() if found and name not in going}
        imported = [group for group in groups if any(modules[prefix].is_imported(staying) for prefix in group)]
        if not imported:
            return {name: candidates[group] for group, names in groups.items() for name in names}
        for group in imported:
            del groups[group]


def _mentions(entry: Entry, words: set[bytes]) -> list[bytes]:
    """Return the import statements and the names of modules in quotes in which there is any of some words."""
    source = entry.read()
    if not any(word in source for word in words):
        return []
    found = [each[0] for expression in (_IMPORT, _QUOTED) for each in expression.finditer(source)]
    return [each for each in found if any(word in each for word in words)]


class _Module:
    """A module or package that goes if nobody imports it."""

    def __init__(self, prefix: str, roots: list[str]) -> None:
        root = next(root for root in roots if prefix.startswith(root))
        dotted = prefix.removeprefix(root).rstrip("/").removesuffix(".py").replace("/", ".")
        package, _, last = dotted.rpartition(".")
        self.last = last.encode()
        self._siblings = root + dotted.partition(".")[0] + "/" if package else ""
        whole, word = re.escape(dotted.encode()), re.escape(self.last)
        self._whole = re.compile(rb"(?<![\w.])" + whole + rb"(?!\w)")
        self._word = re.compile(rb"(?<!\w)" + word + rb"(?!\w)")
        self._out_of_it = re.compile(rb"[ \t]*from[ \t]+" + re.escape(package.encode()) + rb"[ \t]+import")

    def is_imported(self, mentions: Mapping[str, list[bytes]]) -> bool:
        """Return whether any file seems to import it: by its whole name, or relative to where the file is."""
        for name, found in mentions.items():
            near = bool(self._siblings) and name.startswith(self._siblings)
            for text in found:
                if self._whole.search(text):
                    return True
                relative = (near and text[:1] not in b"\"'") or self._out_of_it.match(text)
                if relative and self._word.search(text):
                    return True
        return False
