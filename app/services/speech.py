"""Reads a text aloud with the speech the system has: a small program, no library.

Qt's own TextToSpeech comes with PySide6-Addons, more than 100 MB that are nearly all a web engine;
the programs it would call on each system are called here directly.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.errors import NoSpeech, Problem
from app.services.ports import Lane, Scheduler

LOOK_S = 0.3  # between two looks at whether it has ended
_WINDOWS = (
    "Add-Type -AssemblyName System.Speech;"
    "[Console]::InputEncoding=[Text.Encoding]::UTF8;"
    "(New-Object System.Speech.Synthesis.SpeechSynthesizer).Speak([Console]::In.ReadToEnd())"
)


@dataclass(frozen=True, slots=True)
class Voice:
    """A program that speaks its standard input, and what silences it beside ending it."""

    command: tuple[str, ...]
    silence: tuple[str, ...] = ()


VOICES: dict[str, tuple[Voice, ...]] = {
    "darwin": (Voice(("say",)),),
    "win32": (Voice(("powershell", "-NoProfile", "-NonInteractive", "-Command", _WINDOWS)),),
    # the desktop's own service first, which the person has set up; then what it usually speaks with
    "linux": (
        Voice(("spd-say", "--wait", "--pipe-mode"), ("spd-say", "--cancel")),
        Voice(("espeak-ng", "--stdin")),
        Voice(("espeak", "--stdin")),
    ),
}


def find_voice(platform: str = sys.platform) -> Voice | None:
    """The first of the system's programs that is there; it is looked for on the disk."""
    for voice in VOICES.get(platform, ()):
        if shutil.which(voice.command[0]):
            return voice
    return None


class Speech:
    """One text at a time; main thread only. `changed` hears when it begins and ends."""

    def __init__(self, scheduler: Scheduler, failed: Callable[[Problem], None]) -> None:
        self._scheduler = scheduler
        self._failed = failed
        self._process: subprocess.Popen[bytes] | None = None
        self._voice: Voice | None = None
        self._number = 0  # of the text asked for last
        self.changed: Callable[[bool], None] = lambda is_speaking: None

    @property
    def is_speaking(self) -> bool:
        """Whether something is read aloud just now."""
        return self._process is not None

    def say(self, text: str) -> None:
        """Read `text` aloud in place of what is being read."""
        self.stop()
        self._number += 1
        number = self._number

        def work() -> tuple[Voice, subprocess.Popen[bytes]]:
            voice = find_voice()
            if voice is None:
                raise NoSpeech
            return voice, _start(voice, text)

        def done(result: tuple[Voice, subprocess.Popen[bytes]]) -> None:
            if number != self._number:  # stopped, or another text meanwhile
                result[1].kill()
                return
            self._voice, self._process = result
            self.changed(True)
            self._look()

        self._scheduler.run(Lane.DISK, work, done, self._failed)

    def stop(self) -> None:
        """Silence, at once."""
        self._number += 1
        process, voice, self._process = self._process, self._voice, None
        if process is None:
            return
        process.kill()
        if voice is not None and voice.silence:
            self._scheduler.run(
                Lane.DISK, lambda: _run(voice.silence), lambda _: None, self._failed
            )
        self.changed(False)

    def _look(self) -> None:
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            self._scheduler.call_later(LOOK_S, self._look)
        else:
            self._process = None
            self.changed(False)


def _start(voice: Voice, text: str) -> subprocess.Popen[bytes]:
    with tempfile.TemporaryFile() as file:  # a pipe would fill up and wait
        file.write(text.encode("utf-8", "replace"))
        file.seek(0)
        try:
            return subprocess.Popen(
                voice.command, stdin=file, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            raise NoSpeech(str(error)) from error


def _run(command: Sequence[str]) -> None:
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, timeout=5, check=False, capture_output=True)
