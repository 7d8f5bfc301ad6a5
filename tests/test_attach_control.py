"""Files on their way into the composer: read on a thread, kept in the database, shown as chips."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QIODevice, QMimeData, QUrl
from PySide6.QtGui import QColor, QImage

from app.core.entities import Draft
from app.core.paths import Paths
from app.storage.storage import open_storage
from tests.app_window import AppWindow
from tests.engine_window import OpenWindow


@pytest.fixture
def app(open_window: OpenWindow, paths: Paths) -> AppWindow:
    """A window whose database is open; no model is needed to write."""
    window = open_window(paths)
    window.until(lambda: window.chat.is_ready)
    return window


def picture(form: str) -> bytes:
    """A small red picture in a format that Qt writes."""
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, form)  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def drop(app: AppWindow, *files: Path) -> None:
    """Paste files as a file manager copies them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    assert app.window.composer.take(data)


def names(app: AppWindow) -> list[str]:
    """What is attached."""
    return [attachment.name for attachment in app.window.composer.attachments()]


def test_files_are_attached_and_stay_with_the_draft(app: AppWindow, tmp_path: Path) -> None:
    notes, photo = tmp_path / "notes.md", tmp_path / "photo.png"
    notes.write_text("# Bread\n500 g flour", encoding="utf-8")
    photo.write_bytes(picture("PNG"))
    drop(app, notes, photo)
    app.until(lambda: sorted(names(app)) == ["notes.md", "photo.png"])
    app.type("How much water?")
    storage = open_storage(app.paths.database)
    app.until(lambda: len(storage.drafts.load("").attachments) == 2)
    draft = storage.drafts.load("")
    storage.close()
    app.close()
    assert draft.text == "How much water?"
    text = next(a for a in draft.attachments if a.name == "notes.md")
    assert text.text == "# Bread\n500 g flour"


def test_a_webp_picture_becomes_one_that_models_can_read(app: AppWindow, tmp_path: Path) -> None:
    file = tmp_path / "photo.webp"
    file.write_bytes(picture("WEBP"))
    drop(app, file)
    app.until(lambda: names(app) == ["photo.webp"])
    (attachment,) = app.window.composer.attachments()
    assert attachment.media_type == "image/png"
    storage = open_storage(app.paths.database)
    stored = storage.attachments.data(attachment.id)
    storage.close()
    assert QImage.fromData(stored).size().width() == 40


def test_a_file_that_cannot_be_read_is_told_and_the_rest_is_there(
    app: AppWindow, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.bin"
    good.write_text("fine")
    bad.write_bytes(bytes(range(256)) * 50)
    drop(app, bad, good)
    app.until(lambda: names(app) == ["good.txt"])
    app.until(lambda: app.banner_code().startswith("attachment"))


def test_a_removed_file_is_gone_from_the_draft(app: AppWindow, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("fine")
    drop(app, file)
    app.until(lambda: names(app) == ["notes.txt"])
    app.window.composer.detach_requested.emit(app.window.composer.attachments()[0].id)
    assert names(app) == []
    storage = open_storage(app.paths.database)
    app.until(lambda: storage.drafts.load("") == Draft())
    storage.close()


def test_a_picture_that_no_model_could_look_at_is_told_at_once(
    app: AppWindow, tmp_path: Path
) -> None:
    """Sent, it would make every answer to its conversation fail."""
    file = tmp_path / "photo.png"
    file.write_bytes(picture("PNG")[:20])
    drop(app, file)
    app.until(lambda: app.banner_code() == "image.broken")
    assert names(app) == []
