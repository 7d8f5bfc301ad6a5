"""The Debian package of the tree in linux_tree.py, made with dpkg-deb."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from linux_tree import ROOT, copy_tree

# Renamed in Debian 13 for 64-bit time; either will do
_RENAMED = ("libglib2.0-0",)
RECOMMENDS = "libvulkan1, mesa-vulkan-drivers, xdg-desktop-portal, fonts-noto-cjk"
CONTROL = """Package: inglenook
Version: {version}
Architecture: amd64
Maintainer: the Inglenook developers <noreply@inglenook.invalid>
Section: science
Priority: optional
Installed-Size: {size_kib}
Depends: {depends}
Recommends: {recommends}
Description: chat with open language models on your own computer, offline
 Inglenook is a window for chatting with open language models. It finds a
 model that fits this computer, fetches it, and runs it with llama.cpp on the
 processor or the graphics card. A small model is inside, so that the first
 answer needs no network. Nothing that is written leaves the computer.
"""


def make_deb(usr: Path, work: Path, version: str, into: Path) -> Path:
    """Build the package of `usr`; returns its path."""
    shutil.rmtree(work, ignore_errors=True)
    copy_tree(usr, work / "usr")
    size = sum(p.lstat().st_size for p in usr.rglob("*") if p.is_file() and not p.is_symlink())
    control = work / "DEBIAN" / "control"
    control.parent.mkdir()
    text = CONTROL.format(
        version=version,
        size_kib=size // 1024,
        depends=", ".join(_depends()),
        recommends=RECOMMENDS,
    )
    control.write_text(text, encoding="utf-8")
    deb = into / f"inglenook_{version}_amd64.deb"
    deb.unlink(missing_ok=True)
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(work), str(deb)], check=True
    )
    return deb


def _depends() -> list[str]:
    lines = (ROOT / "packaging" / "debian-packages.txt").read_text(encoding="utf-8").splitlines()
    names = [line for line in lines if line and not line.startswith("#")]
    return ["libc6 (>= 2.36)", *(f"{n} | {n}t64" if n in _RENAMED else n for n in names)]
