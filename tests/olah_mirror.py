"""The mirror `olah` from PyPI, installed into an environment of its own and run on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import venv
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).parents[1]
PINS = ROOT / "tests" / "data" / "olah-0.5.4.txt"
FOLDER = ROOT / ".venv" / "olah-0.5.4"  # git ignores it, `make clean` deletes it
INSTALL_S, START_S = 90, 30
BLOCK = 65536  # bytes that it fetches and passes on at once


class CannotFetch(Exception):
    """pip could not get the packages; says why in one line."""


def installed() -> Path:
    """Its Python; the first time pip fetches what is pinned. Raises CannotFetch."""
    python = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = FOLDER / "installed.txt"
    FOLDER.parent.mkdir(exist_ok=True)
    with FileLock(f"{FOLDER}.lock"):
        if not done.is_file() or done.read_bytes() != PINS.read_bytes():
            venv.create(FOLDER, clear=True, with_pip=True)
            _pip(python)
            done.write_bytes(PINS.read_bytes())
    return python


def _pip(python: Path) -> None:
    command = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "-r", PINS]
    try:
        made = subprocess.run(
            command, env=_environment(), capture_output=True, text=True, timeout=INSTALL_S
        )
    except subprocess.TimeoutExpired as error:
        raise CannotFetch(f"nothing within {INSTALL_S} s") from error
    if made.returncode:
        raise CannotFetch((made.stderr.strip().splitlines() or ["no reason given"])[-1])


def _environment() -> dict[str, str]:
    """Ours without what leads Python to other modules."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}


class Mirror:
    """olah in front of the hub at `upstream`, with a cache in `folder`; a context manager."""

    def __init__(self, python: Path, folder: Path, upstream: str) -> None:
        self._python, self._folder = python, folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self._port = found.getsockname()[1]
        here = f"127.0.0.1:{self._port}"
        self.endpoint = f"http://{here}"
        self._config = folder / "olah.toml"
        self._config.write_text(
            f"""[basic]
            host = "127.0.0.1"
            port = {self._port}
            repos-path = "repos"
            cache-block-size = {BLOCK}
            cache-chunk-size = {BLOCK}
            hf-scheme = "http"
            hf-netloc = "{upstream.removeprefix("http://")}"
            mirror-scheme = "http"
            mirror-netloc = "{here}"
            mirror-lfs-netloc = "{here}"
            """
        )

    def __enter__(self) -> Mirror:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def said(self) -> str:
        """What it wrote so far."""
        return (self._folder / "said.txt").read_text(errors="replace")

    def start(self) -> None:
        """Run it until it answers."""
        environment = {k: v for k, v in _environment().items() if "proxy" not in k.lower()}
        with (self._folder / "said.txt").open("ab") as said:
            self._process = subprocess.Popen(
                [self._python, "-m", "olah.server", "--config", self._config, "--log-path", "logs"],
                cwd=self._folder,
                env=environment,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"olah did not start:\n{self.said[-2000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), 1).close()
        except OSError:
            return False
        return True


if __name__ == "__main__":
    sys.stdout.write(f"{installed()}\n")
