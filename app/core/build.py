"""Which build this is and what it runs on: facts for About and for crash reports."""

from __future__ import annotations

import json
import platform
import re
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from app import __version__
from app.core.paths import resources

LICENCE = "MIT"  # of the program itself, as in pyproject.toml, which a package does not bring
FROM_SOURCE = "source"  # the kind of a build that nobody packaged
MOST_BYTES = 65_536
_LINE = re.compile(r"[^\x00-\x1f\x7f]{1,300}")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Build:
    """What packaging wrote down; empty where it did not.

    `kind` is such as deb, portable or windows; `date` an ISO date; `releases` the address that is
    asked for the newest release, empty where there is none.
    """

    version: str = __version__
    commit: str = ""
    date: str = ""
    kind: str = FROM_SOURCE
    releases: str = ""

    @property
    def words(self) -> str:
        """Kind, commit and date in one line, as far as they are known."""
        return " · ".join(part for part in (self.kind, self.commit[:12], self.date) if part)


def load_build(path: Path | None = None) -> Build:
    """The facts in `path`, usually resources/build.json; what is missing or bad has its default."""
    try:
        with (path or resources() / "build.json").open("rb") as file:
            data = json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return Build()
    if not isinstance(data, dict):
        return Build()
    names = {field.name for field in fields(Build)}
    good = {
        name: value
        for name, value in data.items()
        if name in names and isinstance(value, str) and _LINE.fullmatch(value)
    }
    if not is_private(good.get("releases", "")):
        good.pop("releases", None)
    return Build(**good)


def is_private(url: str) -> bool:
    """Whether `url` is an https address, or one of this machine: nobody on the way reads along or
    changes the answer. No login in it, nothing that two parsers could read in two ways."""
    if not url.isascii() or not _LINE.fullmatch(url) or re.search(r"[\s\\@]", url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # raises for a port that is none
    except ValueError:
        return False
    is_local = parts.scheme == "http" and host in _LOOPBACK
    return bool(host) and (parts.scheme == "https" or is_local)


def system_words() -> str:
    """The system in one line: Debian GNU/Linux 12 (bookworm), x86_64."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = platform.platform(terse=True)
    return f"{name}, {platform.machine()}"


def engine_words(known: str = "") -> str:
    """The binding to llama.cpp with its version; `known` is what the worker has said of itself."""
    if known:
        return known
    from importlib.metadata import PackageNotFoundError, version  # the window starts without it

    try:
        return f"llama-cpp-python {version('llama-cpp-python')}"
    except PackageNotFoundError:
        return "llama-cpp-python"
