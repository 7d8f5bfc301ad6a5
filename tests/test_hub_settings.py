"""The settings of models and network, and what they change at once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QScrollArea
from pytestqt.qtbot import QtBot

from app.core.entities import Status
from app.core.hub_errors import BadAddress
from app.core.models_entities import (
    DownloadJob,
    DownloadState,
    RemoteFile,
    SearchQuery,
)
from app.core.paths import Paths
from app.core.settings import Settings
from app.services.addresses import clean_endpoint, clean_proxy, may_have_token
from app.services.model_hub import access_from
from app.ui.hub_settings import HubSettings
from app.ui.theme import Theme
from tests.app_window import AppWindow
from tests.hub_clients import hub
from tests.local_hub import LocalHub
from tests.test_token import NoRing, Ring, ring, token_file

__all__ = ["hub", "ring", "token_file"]
TOKEN = "hf_secret_1234"


@pytest.fixture
def dialog(qtbot: QtBot, qapp: QApplication) -> Iterator[HubSettings]:
    """The page alone."""
    around = QScrollArea()
    made = HubSettings(Theme(qapp))
    made.show_settings(Settings(), Path("models"))
    around.setWidget(made)
    around.show()
    yield made
    around.deleteLater()


def opened(app: AppWindow) -> HubSettings:
    """The page as the menu opens it."""
    app.window.menu.hub_settings.trigger()
    found = app.controller.hub_settings.dialog
    assert found is not None
    assert found.network.isVisible()
    app.until(found.isActiveWindow)  # or what is typed goes to the window
    return found.network


def enter(qtbot: QtBot, editor: QLineEdit, text: str) -> None:
    """Replace what is there, and press Enter."""
    editor.setFocus()
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    qtbot.keyClick(editor, Qt.Key.Key_Return)


# addresses, and who gets the token


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("", ""),
        (" https://hub.example.org/ ", "https://hub.example.org"),
        ("hub.example.org:8443/hf/", "https://hub.example.org:8443/hf"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_hub_addresses_are_brought_into_shape(typed: str, used: str) -> None:
    assert clean_endpoint(typed) == used


@pytest.mark.parametrize(
    "typed",
    [
        "ftp://hub.example.org",
        "https://",
        "https:///path",
        "two words",
        "https://hub.example.org?x=1",
        "https://me:secret@hub.example.org",
        "https://evil.example\\@huggingface.co",
        "https://hub.example.org:99999",
        "https://[::1",
    ],
)
def test_what_is_no_hub_address_is_refused(typed: str) -> None:
    with pytest.raises(BadAddress):
        clean_endpoint(typed)


def test_proxy_addresses_may_hold_a_login() -> None:
    assert clean_proxy("me:s3cret@proxy.example.org:3128/") == (
        "http://me:s3cret@proxy.example.org:3128"
    )
    with pytest.raises(BadAddress) as caught:
        clean_proxy("socks9://me:s3cret@proxy.example.org")
    assert "s3cret" not in str(caught.value.problem)


@pytest.mark.parametrize(
    ("endpoint", "agreed", "gets_it"),
    [
        ("", False, True),
        ("https://huggingface.co", False, True),
        ("https://HuggingFace.co:443", False, True),
        ("http://127.0.0.1:8000", False, True),
        ("https://mirror.example.org", False, False),
        ("https://mirror.example.org", True, True),
        ("https://huggingface.co.example.org", False, False),
        ("https://huggingface.co:8443", False, False),
        ("http://mirror.example.org", True, False),
        ("http://huggingface.co", True, False),
        ("https://evil.example\\@huggingface.co", False, False),
    ],
)
def test_a_mirror_gets_the_token_only_where_the_person_agreed(
    ring: Ring, monkeypatch: pytest.MonkeyPatch, endpoint: str, agreed: bool, gets_it: bool
) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    keyring.set_password("Inglenook", "hub-token", TOKEN)
    settings = Settings(hub_endpoint=endpoint, is_token_for_mirror=agreed)
    assert access_from(settings).token == (TOKEN if gets_it else "")


def test_a_mirror_from_the_environment_is_a_mirror_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example.org")
    assert not may_have_token(Settings())
    assert may_have_token(Settings(hub_endpoint="https://huggingface.co"))


# the page alone


def test_a_wrong_address_is_said_and_not_taken(qtbot: QtBot, dialog: HubSettings) -> None:
    field, taken = dialog.endpoint, []
    field.changed.connect(lambda *change: taken.append(change))
    enter(qtbot, field.editor, "ftp://hub")
    assert field.note.isVisible()
    assert "https://hub.example.org" in field.note.text()
    assert taken == []
    enter(qtbot, field.editor, "mirror.example.org/")
    assert not field.note.isVisible()
    assert taken == [("hub_endpoint", "https://mirror.example.org")]
    assert field.editor.text() == "https://mirror.example.org"
    assert dialog.isVisible(), "Enter does not close it"


def test_it_warns_of_plain_http_and_asks_about_the_token_of_a_mirror(dialog: HubSettings) -> None:
    assert not dialog.token_for_mirror.isVisible()
    dialog.show_settings(Settings(hub_endpoint="https://mirror.example.org"), Path("models"))
    assert dialog.token_for_mirror.isVisible()
    assert not dialog.endpoint.note.isVisible()
    dialog.show_settings(Settings(hub_endpoint="http://mirror.example.org"), Path("models"))
    assert not dialog.token_for_mirror.isVisible()
    assert "mirror.example.org can read along" in dialog.endpoint.note.text()
    dialog.show_settings(Settings(hub_endpoint="http://127.0.0.1:80"), Path("models"))
    assert not dialog.endpoint.note.isVisible()


def test_numbers_keep_to_their_limits(qtbot: QtBot, dialog: HubSettings) -> None:
    taken: list[object] = []
    dialog.at_once.changed.connect(lambda _name, value: taken.append(value))
    for _ in range(9):
        qtbot.keyClick(dialog.at_once.editor, Qt.Key.Key_Up)
    assert taken == [3, 4]
    for _ in range(9):
        qtbot.keyClick(dialog.at_once.editor, Qt.Key.Key_Down)
    assert taken[-1] == 1
    assert dialog.speed.editor.text() == "No limit"


# the page in the window


def test_offline_pauses_downloads_and_searches_at_once(
    qtbot: QtBot, app: AppWindow, hub: LocalHub, ring: Ring
) -> None:
    dialog = opened(app)
    enter(qtbot, dialog.endpoint.editor, hub.endpoint)
    store = app.controller.model_store
    page = app.window.models_page
    page.search_requested.emit(SearchQuery())
    app.until(lambda: hub.requests)
    dialog.offline.editor.click()
    assert app.window.menu.offline.isChecked()
    asked = len(hub.requests)
    store.downloads.add(
        DownloadJob("job", "maker/tiny-GGUF", "a" * 40, "Tiny", (RemoteFile("a.gguf", 9),))
    )
    app.until(lambda: store.downloads.downloads[0].state is DownloadState.PAUSED)
    problem = store.downloads.downloads[0].problem
    assert problem is not None
    assert problem.code == "hub.offline"
    shown: list[str] = []
    page.show_search_problem = lambda p: shown.append(p.code)  # type: ignore[method-assign]
    page.search_requested.emit(SearchQuery(text="tiny"))
    app.until(lambda: shown)
    assert shown == ["hub.offline"]
    assert len(hub.requests) == asked
    app.window.menu.offline.trigger()
    assert not dialog.offline.editor.isChecked()
    app.until(lambda: json.loads(app.paths.settings.read_text())["is_offline"] is False)
    assert json.loads(app.paths.settings.read_text())["hub_endpoint"] == hub.endpoint


def test_a_token_is_kept_checked_and_forgotten(
    qtbot: QtBot, app: AppWindow, hub: LocalHub, ring: Ring, token_file: Path
) -> None:
    hub.tokens[TOKEN] = set()
    dialog = opened(app)
    part = dialog.token
    app.until(lambda: "no token" in part.place.text())
    enter(qtbot, dialog.endpoint.editor, hub.endpoint)
    app.click(part.check)
    app.until(lambda: "no access token" in part.result.text())
    part.editor.setFocus()
    qtbot.keyClicks(part.editor, TOKEN)
    assert TOKEN not in part.editor.displayText()
    app.click(part.check)
    app.until(lambda: "user-1234" in part.result.text())
    assert part.editor.text() == ""
    assert "keyring" in part.place.text()
    assert TOKEN in ring.kept.values()
    enter(qtbot, part.editor, "hf_wrong")
    app.until(lambda: "hf_wrong" in ring.kept.values())
    app.click(part.check)
    app.until(lambda: "does not accept" in part.result.text())
    app.click(part.forget)
    assert ring.kept, "it asks first"
    part.confirm.yes.click()
    app.until(lambda: "no token" in part.place.text())
    assert ring.kept == {}
    assert TOKEN not in app.paths.settings.read_text()


def test_agreement_ends_with_the_mirror_and_withholds_the_token(
    qtbot: QtBot, app: AppWindow, ring: Ring, token_file: Path
) -> None:
    keyring.set_keyring(NoRing())
    dialog = opened(app)
    enter(qtbot, dialog.token.editor, TOKEN)
    app.until(lambda: "file" in dialog.token.place.text())
    enter(qtbot, dialog.endpoint.editor, "https://mirror.example.org")
    app.click(dialog.token.check)
    app.until(lambda: "not sent to mirror.example.org" in dialog.token.result.text())
    dialog.token_for_mirror.editor.click()
    preferences = app.controller.preferences
    assert preferences.settings.is_token_for_mirror
    enter(qtbot, dialog.endpoint.editor, "https://other.example.org")
    assert not preferences.settings.is_token_for_mirror
    assert not dialog.token_for_mirror.editor.isChecked()


def test_the_models_move_with_the_one_in_use(
    open_window: Callable[[Paths], AppWindow], paths: Paths, starter: Path, tmp_path: Path
) -> None:
    mine = paths.models / "maker" / "mine.gguf"
    mine.parent.mkdir()
    os.link(starter, mine) if starter.stat().st_dev == mine.parent.stat().st_dev else (
        mine.write_bytes(starter.read_bytes())
    )
    app = open_window(paths)
    app.until_ready()
    assert app.engine.model_path == mine
    part, new = opened(app).folders, tmp_path / "big disk" / "models"
    part.picked.emit(new)
    app.until(part.question.isVisible)
    app.click(part.decline)
    assert app.controller.preferences.settings.models_folder == ""
    part.picked.emit(new)
    app.until(part.question.isVisible)
    app.click(part.move_button)
    app.until(lambda: "moved" in part.result.text())
    assert (new / "maker" / "mine.gguf").stat().st_size == starter.stat().st_size
    assert not mine.parent.exists()
    app.until_ready()
    assert app.engine.model_path == new / "maker" / "mine.gguf"
    stored = json.loads(paths.settings.read_text())
    assert stored["models_folder"] == str(new)
    assert stored["more_model_folders"] == ""
    assert app.ask_and_wait("Hello")
    assert app.stored()[-1][2] in (Status.COMPLETE, Status.CUT_OFF)
    part.usual.click()
    app.until(part.question.isVisible)
    app.click(part.leave)
    app.until(lambda: str(new) in part.rows)
    assert app.controller.preferences.settings.models_folder == ""
    app.click(part.rows[str(new)])
    assert app.controller.preferences.settings.more_model_folders == ""
    assert (new / "maker" / "mine.gguf").exists()
