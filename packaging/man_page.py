"""Makes the man page from the command line's parser: `python packaging/man_page.py --into FILE`.

What a parser does not know (files, environment, exit status, examples) is in linux/inglenook.1.in.
"""

from __future__ import annotations

import argparse
import functools
import xml.etree.ElementTree as ET
from pathlib import Path

from argparse_manpage.manpage import Manpage  # type: ignore[import-untyped]

from app import __version__
from app.cli_parser import make_parser, walk

LINUX = Path(__file__).parent / "linux"
WIDE = 10_000  # columns: an indented line would start a new line on the page


def main(arguments: list[str] | None = None) -> int:
    """Write the page; returns the exit code."""
    options = argparse.ArgumentParser(description="Make the man page.")
    options.add_argument("--into", type=Path, required=True, metavar="FILE")
    target: Path = options.parse_args(arguments).into
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(man_page(), encoding="utf-8")
    return 0


def man_page() -> str:
    """The page in roff; the same for the same version, whenever and wherever it is made."""
    parser = make_parser()
    description, parser.description = parser.description or "", None
    for command, actions in walk(parser):
        command.formatter_class = functools.partial(argparse.HelpFormatter, width=WIDE)
        for action in actions:
            if command is not parser and {"--help", "--data-dir"} & {*action.option_strings}:
                action.help = argparse.SUPPRESS  # said once, for all commands
    page = Manpage(parser, format="single-commands-section")
    page.description = description[0].lower() + description[1:].removesuffix(".")
    page.date = release_date()
    page.source = f"Inglenook {__version__}"
    page.manual = "User Commands"
    page.parse_include(LINUX / "inglenook.1.in")
    # its escaped date is no date for mandoc
    return str(page).replace(page.date.replace("-", r"\-"), page.date, 1)


def release_date() -> str:
    """Day of the newest release, as in 2026-11-25."""
    releases = ET.parse(LINUX / "inglenook.metainfo.xml").iter("release")
    return next(releases).attrib["date"]


if __name__ == "__main__":
    raise SystemExit(main())
