"""What the packaged program does otherwise than Python with our source."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.core import frozen


def test_a_checkout_keeps_portable_data_beside_itself_and_its_environment() -> None:
    assert (frozen.program_folder() / "app" / "__main__.py").exists()
    environment = {"LD_LIBRARY_PATH": "/mine"}
    frozen.free_children(environment)
    assert environment == {"LD_LIBRARY_PATH": "/mine"}


@pytest.mark.parametrize("before", ["", "/their/libraries"])
def test_a_browser_gets_the_environment_of_before(
    monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", "/opt/inglenook/_internal", raising=False)
    environment = {
        "LD_LIBRARY_PATH": "/opt/inglenook/_internal",
        "QT_PLUGIN_PATH": "/opt/inglenook/_internal/PySide6/Qt/plugins",
        "QML2_IMPORT_PATH": "/usr/lib/qml",
        "HOME": "/home/person",
    }
    if before:
        environment["LD_LIBRARY_PATH_ORIG"] = before
    frozen.free_children(environment)
    assert environment.get("LD_LIBRARY_PATH", "") == before
    assert "QT_PLUGIN_PATH" not in environment
    assert environment["QML2_IMPORT_PATH"] == "/usr/lib/qml"  # not ours
    assert environment["HOME"] == "/home/person"


def test_a_mac_keeps_portable_data_beside_the_bundle(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "Inglenook.app" / "Contents" / "MacOS" / "inglenook"
    program.parent.mkdir(parents=True)
    program.touch()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    assert frozen.portable_data() == tmp_path.resolve() / frozen.PORTABLE_DATA
