"""One running window on the screen: waits for it, changes its looks, photographs it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QRect
from PySide6.QtGui import QCursor, QImage, QPixmap
from PySide6.QtWidgets import QApplication, QWidget
from screenshot_data import Written, write
from screenshot_samples import Samples

from app.core.paths import find_paths
from app.core.settings import Settings, SettingsFile
from app.ui.application import build, make_application
from app.ui.language import translate

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "screenshots"
PATIENCE_S = 180.0
STILL_S = 0.25  # nothing has changed on the screen for so long: it is what a person sees
WIDE, SMALL = (1120, 740), (640, 480)
COLOURS = 256  # of a picture: a third of the bytes, and nobody sees a difference


class Camera:
    """The window with the sample conversations in it, and everything that reaches it."""

    def __init__(self, scratch: Path, language: str, samples: Samples) -> None:
        self.language = language
        self.samples = samples
        self.application: QApplication = make_application()
        self.application.setCursorFlashTime(0)  # a caret that comes and goes is never still
        paths = find_paths(scratch)
        paths.make()
        self.written: Written = write(paths.database, samples)
        settings = Settings(
            temperature=0.0,
            theme="light",
            language=language,
            max_tokens=400,
            reduced_motion="on",
            quick_ask_shortcut="",
        )
        translate(language)
        file = SettingsFile(paths.settings)
        self.controller = build(self.application, paths, file, settings)
        self.window = self.controller.window
        QCursor.setPos(self.window.screen().geometry().bottomRight())  # over nothing
        self.window.setGeometry(QRect(60, 80, *WIDE))
        self.window.show()
        self.controller.start(None)
        self.theme = "light"
        self.until(lambda: self.controller.engine.model and self.controller.chat.is_ready)

    # waiting

    def until(self, condition: Callable[[], object]) -> None:
        """Let the window live until it is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("The window did not get there.")
            self.application.processEvents()
            time.sleep(0.002)

    def settle(self, shown: QWidget | None = None, *, has_popups: bool = False) -> QPixmap:
        """Wait until the same picture was on the screen for a while; that picture."""
        before, since = b"", time.monotonic()
        deadline = since + PATIENCE_S
        while True:
            if time.monotonic() > deadline:
                raise TimeoutError("The picture is never still.")
            self.application.processEvents()
            picture = self._grab(shown or self.window, has_popups=has_popups)
            now = _pixels(picture)
            if now != before:
                before, since = now, time.monotonic()
            elif time.monotonic() - since > STILL_S:
                return picture
            time.sleep(0.02)

    # looks

    def wear(self, theme: str) -> None:
        """Another theme."""
        if theme != self.theme:
            self.theme = theme
            self.window.setting_chosen.emit("theme", theme)
            self.settle()

    def resize(self, size: tuple[int, int], widget: QWidget | None = None) -> None:
        """Another size of the window, or of one beside it."""
        target = widget or self.window
        target.resize(*size)
        self.until(lambda: (target.width(), target.height()) == size)
        self.settle(target)

    # pictures

    def take(
        self,
        name: str,
        shown: QWidget | None = None,
        *,
        size: str = "wide",
        has_popups: bool = False,
    ) -> None:
        """Let it settle, then photograph the window, or `shown`; with what lies over it."""
        picture = self.settle(shown, has_popups=has_popups)
        language = self.language.partition("_")[0]
        save(picture, f"{name}-{self.theme}-{language}-{size}.png")

    def take_moving(self, name: str) -> None:
        """Photograph what will be another picture in a moment."""
        self.application.processEvents()
        language = self.language.partition("_")[0]
        save(self._grab(self.window, has_popups=False), f"{name}-{self.theme}-{language}-wide.png")

    def take_looks(self, name: str, themes: tuple[str, ...], *, is_small: bool = False) -> None:
        """The main window in several themes, and small if need be."""
        for theme in themes:
            self.wear(theme)
            self.take(name)
        self.wear("light")
        if is_small:
            self.resize(SMALL)
            self.take(name, size="640")
            self.resize(WIDE)

    def top_level(self, kind: type[QWidget]) -> QWidget:
        """The window of that kind that is on show; waits for it."""

        def found() -> list[QWidget]:
            widgets = QApplication.topLevelWidgets()
            return [w for w in widgets if isinstance(w, kind) and w.isVisible()]

        self.until(found)
        return found()[0]

    def _grab(self, shown: QWidget, *, has_popups: bool) -> QPixmap:
        if has_popups:
            place = self.window.geometry()
            return self.window.screen().grabWindow(
                0, place.x(), place.y(), place.width(), place.height()
            )
        if shown.isWindow():
            return shown.screen().grabWindow(shown.winId())
        return shown.grab()


def save(picture: QPixmap, name: str) -> None:
    """Keep a picture in a few colours, which is small."""
    target = FOLDER / name
    image = Image.frombytes("RGBA", picture.size().toTuple(), _pixels(picture)).convert("RGB")
    few = image.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(target, optimize=True)
    print(f"{target.relative_to(ROOT)}  {image.width} x {image.height}", flush=True)


def _pixels(picture: QPixmap) -> bytes:
    """Not by QPixmap.save: PySide keeps Python's lock in it, and a thread that reads a picture
    then waits for it with Qt's lock in hand."""
    image = picture.toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    return bytes(image.constBits())
