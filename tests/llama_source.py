"""Real chat templates and vocabularies: those in llama-cpp-python's source distribution.

They are fetched once with pip into the virtual environment, of the version that is pinned, and
never become a part of this repository.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[1]
WANTED = re.compile(r"[^/]+/vendor/llama\.cpp/models/(templates/)?([^/]+\.(?:jinja|gguf))")
# pip asks a distribution's build backend for its name and version before it keeps the file; the
# real one would have to be installed with CMake for that
BACKEND = """
from pathlib import Path

def prepare_metadata_for_build_wheel(folder, settings=None):
    made = Path(folder, "llama_cpp_python-{version}.dist-info")
    made.mkdir()
    text = "Metadata-Version: 2.1\\nName: llama_cpp_python\\nVersion: {version}\\n"
    (made / "METADATA").write_text(text)
    return made.name
"""
TIMEOUT_S = 300


def version() -> str:
    """Of llama-cpp-python, as pinned."""
    text = (ROOT / "packaging" / "constraints.txt").read_text(encoding="utf-8")
    found = re.search(r"^llama-cpp-python==(\S+)$", text, re.MULTILINE)
    assert found is not None
    return found[1]


def source_folder() -> Path:
    """Where `templates/*.jinja` and `*.gguf` are; fetched if they are not there yet."""
    folder = Path(sys.prefix) / f"llama-cpp-python-source-{version()}"
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        work = Path(made)
        archive = _download(work)
        found = work / "found"
        (found / "templates").mkdir(parents=True)
        with tarfile.open(archive) as opened:
            for member in opened:
                match = WANTED.fullmatch(member.name)
                file = opened.extractfile(member) if match and member.isfile() else None
                if match and file:
                    (found / (match[1] or "") / match[2]).write_bytes(file.read())
        shutil.move(found, folder)


def _download(work: Path) -> Path:
    backend = work / "backend" / "scikit_build_core"
    backend.mkdir(parents=True)
    (backend / "__init__.py").touch()
    (backend / "build.py").write_text(BACKEND.format(version=version()), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary", ":all:", "--no-build-isolation", "--dest", str(work)]
    done = subprocess.run(
        [*command, f"llama-cpp-python=={version()}"],
        env={**os.environ, "PYTHONPATH": str(backend.parent)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    archives = list(work.glob("*.tar.gz"))
    if done.returncode or not archives:
        pytest.fail(f"pip could not fetch llama-cpp-python's source:\n{done.stderr[-2000:]}")
    return archives[0]
