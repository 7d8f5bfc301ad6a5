"""Reading aloud: the system's program gets the text, and is silent when asked to be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.errors import Problem
from app.services.loop import LoopScheduler
from app.services.speech import VOICES, Speech, find_voice

PATIENCE_S = 20.0


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with only what a test puts there, and the shell's own tools."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr("app.services.speech.sys.platform", "linux")
    return folder


def put_program(folder: Path, name: str, script: str) -> None:
    """A program that does what `script` says."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


class Spoken:
    """A speech with what it told."""

    def __init__(self) -> None:
        self.scheduler = LoopScheduler()
        self.problems: list[Problem] = []
        self.changes: list[bool] = []
        self.speech = Speech(self.scheduler, self.problems.append)
        self.speech.changed = self.changes.append

    def until(self, condition: object) -> None:
        assert self.scheduler.run_until(condition, PATIENCE_S)  # type: ignore[arg-type]


@pytest.fixture
def spoken() -> Iterator[Spoken]:
    made = Spoken()
    yield made
    made.speech.stop()
    made.scheduler.drain(5.0)


def test_the_text_is_what_the_program_gets(spoken: Spoken, programs: Path, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    put_program(programs, "spd-say", f"cat > {heard}.part && mv {heard}.part {heard}")
    spoken.speech.say("Grüße, 你好.\nZwei Zeilen.")
    spoken.until(lambda: spoken.changes == [True, False])
    assert heard.read_text(encoding="utf-8") == "Grüße, 你好.\nZwei Zeilen."


def test_silence_ends_the_program_and_tells_the_service(
    spoken: Spoken, programs: Path, tmp_path: Path
) -> None:
    silenced = tmp_path / "silenced"
    put_program(programs, "spd-say", f'[ "$1" = --cancel ] && touch {silenced} || exec sleep 60')
    spoken.speech.say("A long story.")
    spoken.until(lambda: spoken.speech.is_speaking)
    spoken.speech.stop()
    assert not spoken.speech.is_speaking
    assert spoken.changes == [True, False]
    spoken.until(silenced.exists)


def test_another_text_takes_the_place_of_the_one_being_read(
    spoken: Spoken, programs: Path, tmp_path: Path
) -> None:
    heard = tmp_path / "heard"
    put_program(programs, "spd-say", f'[ "$1" = --cancel ] || {{ cat >> {heard}; exec sleep 60; }}')
    spoken.speech.say("one ")
    spoken.until(lambda: heard.exists() and heard.read_text() == "one ")
    spoken.speech.say("two")
    spoken.until(lambda: heard.read_text() == "one two")
    assert spoken.speech.is_speaking


def test_a_computer_without_speech_says_so(spoken: Spoken, programs: Path) -> None:
    if find_voice("linux") is not None:
        pytest.skip("this computer's own speech is in /usr/bin")
    spoken.speech.say("Hello")
    spoken.until(lambda: spoken.problems)
    assert spoken.problems[0].code == "speech.none"
    assert not spoken.speech.is_speaking


def test_every_system_has_a_way() -> None:
    assert {"linux", "darwin", "win32"} <= VOICES.keys()
