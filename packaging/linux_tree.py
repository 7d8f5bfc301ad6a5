"""The tree below /usr that .deb and AppDir share: program, desktop files, icons, man page."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINUX = ROOT / "packaging" / "linux"
METAINFO = "io.github.inglenook.Inglenook.metainfo.xml"
APP_RUN = """#!/bin/sh
# Starts the program wherever the AppDir is mounted.
here=$(dirname "$(readlink -f "$0")")
exec "$here/usr/bin/inglenook" "$@"
"""


def make_tree(frozen: Path, icons: Path, third_party: Path, usr: Path) -> None:
    """Fill `usr`; links in it are relative, so that it may lie anywhere."""
    copy_tree(frozen, usr / "lib" / "inglenook")
    program = usr / "bin" / "inglenook"
    program.parent.mkdir(parents=True)
    program.symlink_to("../lib/inglenook/inglenook")
    share = usr / "share"
    _put(LINUX / "inglenook.desktop", share / "applications" / "inglenook.desktop")
    _put(LINUX / "inglenook.metainfo.xml", share / "metainfo" / METAINFO)
    _put(LINUX / "inglenook-mime.xml", share / "mime" / "packages" / "inglenook.xml")
    shutil.copytree(icons / "hicolor", share / "icons" / "hicolor")
    page = share / "man" / "man1" / "inglenook.1"
    page.parent.mkdir(parents=True)
    _run("man_page.py", page)
    with page.open("rb") as plain, gzip.GzipFile(f"{page}.gz", "wb", 9, mtime=0) as packed:
        packed.write(plain.read())
    page.unlink()
    _run("completion.py", share)
    docs = share / "doc" / "inglenook"
    _put(ROOT / "LICENSE", docs / "copyright")
    _put(third_party, docs / "THIRD_PARTY.txt")


def make_app_dir(usr: Path, app_dir: Path) -> None:
    """What appimagetool makes an AppImage of; AppRun starts it as it is."""
    copy_tree(usr, app_dir / "usr")
    run = app_dir / "AppRun"
    run.write_text(APP_RUN, encoding="utf-8")
    run.chmod(0o755)
    shutil.copy(LINUX / "inglenook.desktop", app_dir)
    shutil.copy(usr / "share/icons/hicolor/256x256/apps/inglenook.png", app_dir)
    (app_dir / ".DirIcon").symlink_to("inglenook.png")


def copy_tree(source: Path, target: Path) -> None:
    """A copy that shares the files' bytes with `source` where the disk can."""
    shutil.copytree(source, target, symlinks=True, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target)


def _put(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
    target.chmod(0o644)


def _run(script: str, into: Path) -> None:
    words = [sys.executable, str(ROOT / "packaging" / script), "--into", str(into)]
    subprocess.run(words, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
