"""`bridge package`: a zip archive, a layer or a folder for Lambda, with bytecode that Lambda uses."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from .archive import remove, write_archive, write_folder
from .entries import of, of_folder, unpack
from .errors import PackagingError
from .extensions import guess
from .finishing import finish, is_cache
from .installer import Installer
from .interpreter import find
from .platforms import ARCHITECTURES, RUNNING, Platform, version
from .project import needs, own_files
from .sizes import UNPACKED, ZIPPED, heaviest, megabytes, total

if TYPE_CHECKING:
    import argparse
    from typing import Any

    from .finishing import Finished

_FUNCTION = "/var/task/"
_LAYER = "/opt/"
"""Where Lambda has a function and its layers."""


def add(commands: Any) -> None:
    """Add the subcommand to a parser's subparsers."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "package",
        help="make a zip archive or layer that starts fast",
        description="Make a zip archive, a layer or a folder for Lambda: wheels for its platform, bytecode that it "
        "uses, and nothing that never runs there. The same input gives the same bytes.",
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path(), metavar="FOLDER", help="the project (default: this folder)"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="PATH", help="a zip archive (NAME.zip), or else a folder")
    parser.add_argument("--python", metavar="X.Y", help=f"the function's version of Python (default: {RUNNING})")
    parser.add_argument("--arch", choices=sorted(ARCHITECTURES), help="its architecture (default: x86_64)")
    parser.add_argument("--layer", action="store_true", help="only what the project needs, as a layer")
    parser.add_argument(
        "--finish",
        action="store_true",
        help="FOLDER is what sam build, CDK or Serverless made, or a zip archive: it has all that it needs. Without -o "
        "it is changed itself",
    )
    parser.add_argument(
        "-r",
        "--requirements",
        type=Path,
        metavar="FILE",
        help="what to install (default: requirements.txt, pylock.toml, uv.lock or pyproject.toml)",
    )
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERN", help="own files to leave out; may be repeated"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="list what goes into it and what does not; write nothing"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make what was asked for, and return the exit code.

    Raises:
        PackagingError: it cannot be made.
    """
    _check(options)
    with tempfile.TemporaryDirectory() as scratch:
        stage = Path(scratch, "function")
        stage.mkdir()
        if options.finish:
            unpack(options.folder, stage)
            python = version(options.python) if options.python else None
            platform = guess(of_folder(stage), python, options.arch)
            interpreter = find(platform)
            source = str(options.folder)
        else:
            platform = Platform(version(options.python or RUNNING), options.arch or "x86_64")
            interpreter = find(platform)
            source = _build(options, stage, platform, interpreter)
        finished = finish(stage, platform, interpreter, _LAYER + "python/" if options.layer else _FUNCTION)
        if options.dry_run:
            _list(finished)
        size = total(finished.entries)
        if size > UNPACKED:
            raise PackagingError(
                f"{megabytes(size)} unpacked, and Lambda takes {megabytes(UNPACKED)} with all layers. Leave something "
                f"out, or use a container image. Heaviest: {heaviest(finished.entries)}"
            )
        output = None if options.dry_run else _write(options, finished)
        print(f"{output or 'nothing is written'}: {platform}, from {source}")
        _report(finished, output)
    return 0


def _check(options: argparse.Namespace) -> None:
    folder: Path = options.folder
    if not folder.exists() or not (folder.is_dir() or options.finish):
        raise PackagingError(f"there is no folder {str(folder)!r}")
    if options.output is None and not (options.finish or options.dry_run):
        raise PackagingError("where to? -o function.zip, or -o FOLDER")
    if options.finish and (options.layer or options.requirements or options.exclude):
        raise PackagingError("--finish takes FOLDER as it is: no --layer, --requirements or --exclude with it")
    if options.output is not None and options.output.suffix != ".zip" and options.output.exists():
        same = options.finish and options.output.resolve() == folder.resolve()
        if not options.output.is_dir() or (any(options.output.iterdir()) and not same):
            raise PackagingError(f"{str(options.output)!r} is there already, and is no empty folder")


def _build(options: argparse.Namespace, stage: Path, platform: Platform, interpreter: str) -> str:
    """Put a project and what it needs into a folder, and return where that is written."""
    wanted = needs(options.folder, options.requirements)
    if wanted.file is not None:
        Installer(platform, interpreter).install(wanted, options.folder, stage)
    if options.layer:
        if not any(stage.iterdir()):
            raise PackagingError(f"{str(options.folder)!r} needs nothing, so there is nothing for a layer")
        return wanted.source
    own = own_files(options.folder, options.exclude, [options.output] if options.output else [])
    if wanted.is_package:
        own = [entry for entry in own if not entry.name.startswith("src/")]  # it has been installed
    write_folder(own, stage)
    if not any(stage.iterdir()):
        raise PackagingError(f"{str(options.folder)!r} has no files for a function")
    return wanted.source or "its own files alone"


def _write(options: argparse.Namespace, finished: Finished) -> Path:
    output: Path = options.output or options.folder
    prefix = "python/" if options.layer else ""
    if output.suffix == ".zip" and not output.is_dir():
        write_archive(finished.entries, output, prefix)
    else:
        if output.is_dir():
            there = [entry.name for entry in of(output)]
            remove(output, [name for name in there if is_cache(name) or name in finished.left_out])
        write_folder(finished.entries, output, prefix)
    return output


def _list(finished: Finished) -> None:
    for entry in finished.entries:
        if not entry.name.endswith(".pyc"):
            print(f"{entry.size:>10,}  {entry.name}")
    for name, reason in sorted(finished.left_out.items()):
        print(f"  left out  {name} ({reason})")


def _report(finished: Finished, output: Path | None) -> None:
    entries = finished.entries
    print(f"  {len(entries):,} files, {megabytes(total(entries))} unpacked of {megabytes(UNPACKED)}")
    if output is not None and output.is_file():
        size = output.stat().st_size
        print(f"  {megabytes(size)} zipped of {megabytes(ZIPPED)} for a direct upload")
        if size > ZIPPED:
            print("  it is too large for a direct upload: upload it to S3, and name it there (sam and cdk do that)")
    print(f"  {finished.modules:,} modules with bytecode that Lambda uses")
    print(f"  heaviest: {heaviest(entries)}")
    counts = Counter(finished.left_out.values())
    if counts:
        print("  left out: " + ", ".join(f"{reason} ({count})" for reason, count in sorted(counts.items())))
    for name, reason in sorted(finished.failures.items()):
        print(f"bridge package: {name} has no bytecode: {reason}", file=sys.stderr)
