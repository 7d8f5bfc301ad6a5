"""`make package`: from a checkout to the frozen program, the .deb, the archive and the AppDir."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from deb import make_deb
from linux_tree import ROOT, make_app_dir, make_tree

from app import __version__

BUILD, DIST = ROOT / "build", ROOT / "dist"
VENV_PYTHON = BUILD / "venv" / "bin" / "python"


def main() -> int:
    """All steps; with --frozen only up to the frozen program and its self-test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frozen", action="store_true", help="no .deb, archive and AppDir")
    parser.add_argument("--releases", default="", metavar="URL", help="where to look for updates")
    options = parser.parse_args()
    os.environ["SOURCE_DATE_EPOCH"] = _git("log", "-1", "--format=%ct")
    os.environ["PYTHONHASHSEED"] = "0"  # two builds of one commit are alike
    _say("the llama.cpp wheel")
    _run(ROOT / "packaging" / "build_wheel.sh", BUILD / "wheel", PYTHON=sys.executable)
    _say("an environment with what goes into the package")
    _make_environment()
    _say("icons, licences, build facts")
    _make_resources(options.releases)
    _say("freezing")
    shutil.rmtree(DIST / "inglenook", ignore_errors=True)
    _run(
        VENV_PYTHON, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN",
        "--distpath", DIST, "--workpath", BUILD / "pyinstaller",
        ROOT / "packaging" / "inglenook.spec",
    )  # fmt: skip
    _strip(DIST / "inglenook" / "_internal")
    third_party = BUILD / "resources" / "THIRD_PARTY.txt"
    _licences(third_party, DIST / "inglenook")
    shutil.copy(third_party, DIST / "inglenook/_internal/app/resources/THIRD_PARTY.txt")
    _say("self-test of the frozen program")
    with tempfile.TemporaryDirectory() as data:
        _run(DIST / "inglenook" / "inglenook", "--data-dir", data, "doctor")
    if not options.frozen:
        _make_packages(third_party)
    _say(f"done, in {DIST}")
    return 0


def _make_environment() -> None:
    wheel = next((BUILD / "wheel").glob("*.whl"))
    wanted = f"{wheel.name}\n{(ROOT / 'packaging/constraints.txt').read_text(encoding='utf-8')}"
    note = BUILD / "venv" / "wanted"
    if note.exists() and note.read_text(encoding="utf-8") == wanted:
        return
    _run(sys.executable, "-m", "venv", "--clear", BUILD / "venv")
    _run(
        VENV_PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check",
        "--constraint", ROOT / "packaging" / "constraints.txt", wheel, f"{ROOT}[package]",
    )  # fmt: skip
    # of our own code only the checkout's goes in
    _run(VENV_PYTHON, "-m", "pip", "uninstall", "-qq", "--yes", "inglenook")
    _gather_engine(next((BUILD / "venv" / "lib").glob("python*/site-packages")))
    note.write_text(wanted, encoding="utf-8")


def _gather_engine(packages: Path) -> None:
    """llama.cpp's libraries in one folder, where they look for each other: the wheel puts the
    processors' own into another one."""
    for file in (packages / "bin").glob("libggml-*"):
        file.replace(packages / "llama_cpp" / "lib" / file.name)


def _make_resources(releases: str) -> None:
    _run(VENV_PYTHON, ROOT / "packaging" / "icons.py", "--into", BUILD / "icons")
    (BUILD / "resources").mkdir(parents=True, exist_ok=True)
    date = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    facts = {
        "version": __version__,
        "commit": _git("rev-parse", "--short=12", "HEAD"),
        "date": f"{date:%Y-%m-%d}",
        "kind": "package",
        "releases": releases,
    }
    (BUILD / "resources" / "build.json").write_text(json.dumps(facts), encoding="utf-8")


def _licences(into: Path, frozen: Path) -> None:
    # with our .venv: it knows the distribution `inglenook` and what it needs
    script = ROOT / "packaging" / "third_party.py"
    _run(sys.executable, script, "--into", into, "--frozen", frozen)


def _strip(internal: Path) -> None:
    """Symbols out of what we or Python built; libraries patched for a wheel do not bear it."""
    engine = internal / "llama_cpp" / "lib"
    kept: dict[bytes, Path] = {}
    for file in sorted(engine.glob("*.so*"), key=lambda path: -len(path.name)):
        same = kept.setdefault(hashlib.sha256(file.read_bytes()).digest(), file)
        if same is not file:  # a wheel has no links, but the library once for each of its names
            file.unlink()
            file.symlink_to(same.name)
    python = [*internal.glob("libpython*.so*"), *internal.glob("python*/lib-dynload/*.so")]
    _run("strip", "--strip-unneeded", *python, *kept.values())


def _make_packages(third_party: Path) -> None:
    usr = BUILD / "tree" / "usr"
    shutil.rmtree(BUILD / "tree", ignore_errors=True)
    _say("the tree of files")
    make_tree(DIST / "inglenook", BUILD / "icons", third_party, usr)
    _say("the AppDir")
    app_dir = DIST / "Inglenook.AppDir"
    shutil.rmtree(app_dir, ignore_errors=True)
    make_app_dir(usr, app_dir)
    _say("the Debian package")
    make_deb(usr, BUILD / "deb", __version__, DIST)
    _say("the archive")
    _make_archive(DIST / f"inglenook-{__version__}-linux-x86_64.tar.zst")


def _make_archive(archive: Path) -> None:
    """The folder as it is: it runs where it is unpacked, and with --portable keeps its data too."""
    _run(
        "tar", "--create", "--file", archive, "--use-compress-program", "zstd -T0 -12 -q",
        "--sort=name", f"--mtime=@{os.environ['SOURCE_DATE_EPOCH']}", "--owner=0", "--group=0",
        "--numeric-owner", "--directory", DIST, "inglenook",
    )  # fmt: skip


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _run(*words: object, **environment: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    subprocess.run([str(word) for word in words], cwd=ROOT, check=True, env=env)


def _say(words: str) -> None:
    print(f"package: {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
