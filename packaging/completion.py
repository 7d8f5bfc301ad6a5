"""Makes completion for the shells: `python packaging/completion.py --into FOLDER`.

The files lie in FOLDER as they do below a system's /usr/share.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import shtab

from app.cli_parser import make_parser, walk

PLACES = {
    "bash": "bash-completion/completions/inglenook",
    "zsh": "zsh/site-functions/_inglenook",
    "fish": "fish/vendor_completions.d/inglenook.fish",
}


def main(arguments: list[str] | None = None) -> int:
    """Write a file for each shell; returns the exit code."""
    options = argparse.ArgumentParser(description="Make completion for the shells.")
    options.add_argument("--into", type=Path, required=True, metavar="FOLDER")
    folder: Path = options.parse_args(arguments).into
    for shell, place in PLACES.items():
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(completion(shell), encoding="utf-8")
    return 0


def completion(shell: str) -> str:
    """The script for one shell, which also offers files and folders where these are wanted."""
    parser = make_parser()
    for action in (action for _, actions in walk(parser) for action in actions):
        if action.type is Path:
            wanted = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE
            action.complete = wanted  # type: ignore[attr-defined]  # shtab's own attribute
    return shtab.complete(parser, shell=shell)


if __name__ == "__main__":
    raise SystemExit(main())
