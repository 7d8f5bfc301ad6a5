"""Random clicks and keys on the real window: `python -m tests.monkey --seconds 600 --seed 1`.

The same seed asks for the same things as far as time allows. It never quits the app, and closes
file dialogs, which could touch what is not the app's. Ends with 1 if an error was logged.
"""

from __future__ import annotations

import argparse
import faulthandler
import logging
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QDesktopServices, QInputMethodEvent, QWheelEvent
from PySide6.QtPrintSupport import QAbstractPrintDialog
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from app.core.paths import Paths, find_paths, resources
from app.core.settings import SettingsFile
from app.hub.starter import FILE_NAME
from app.ui.application import build, make_application, translate
from app.ui.controller import Controller

TRACE = bool(os.environ.get("MONKEY_TRACE"))
POPUP_MS = 150
STUCK_S = 60  # a step that takes longer: the traceback says where, and it is over
NEVER = ("Quit", "退出")  # what would end the app
TEXTS = (
    "Hello",
    "写一首诗",
    "```py\nprint(1)\n```",
    "$x^2$",
    "/",
    "/s",
    "a" * 500,
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "<script>alert(1)</script>",
    "😀 مرحبا",
    "\n\n",
)
KEYS = (
    Qt.Key.Key_Return,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_Delete,
    Qt.Key.Key_Backspace,
    Qt.Key.Key_Space,
    Qt.Key.Key_F1,
    Qt.Key.Key_F2,
    Qt.Key.Key_F11,
    Qt.Key.Key_Menu,
)
SHORTCUTS = "nkfbmlredacvxz,+-0fp"


class Watch(logging.Handler):
    """Notes every error that is logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.errors.append(record.getMessage())


class Monkey:
    """Does one random thing after another with a window."""

    def __init__(self, controller: Controller, seed: int) -> None:
        self._controller = controller
        self._random = random.Random(seed)
        self.done: Counter[str] = Counter()

    def step(self) -> None:
        """One thing, then the event loop for a moment."""
        self._close_file_dialogs()
        # a click may open a menu in a loop of its own, from which nothing comes back by itself
        QTimer.singleShot(POPUP_MS, self._leave_popup)
        doing = self._random.choices(
            (
                self._click,
                self._type,
                self._press,
                self._shortcut,
                self._wheel,
                self._drag,
                self._resize,
                self._context_menu,
                self._menu,
                self._setting,
            ),
            (30, 14, 18, 10, 8, 5, 2, 6, 6, 1),
        )[0]
        self.done[doing.__name__.strip("_")] += 1
        doing()
        QApplication.processEvents()
        if self._random.random() < 0.1:
            QTest.qWait(self._random.randrange(5, 60))

    def _leave_popup(self) -> None:
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()

    def _windows(self) -> list[QWidget]:
        shown = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
        return shown or [self._controller.window]

    def _top(self) -> QWidget:
        popup = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        return popup if popup is not None else self._random.choice(self._windows())

    def _child(self, kind: type[QWidget] = QWidget) -> QWidget | None:
        found = [
            w
            for w in self._top().findChildren(kind)
            if w.isVisible() and w.isEnabled() and w.width() > 2 and w.height() > 2
        ]
        return self._random.choice(found) if found else None

    def _spot(self, widget: QWidget) -> QPoint:
        return QPoint(
            self._random.randrange(widget.width()), self._random.randrange(widget.height())
        )

    def _is_deadly(self, widget: QWidget) -> bool:
        if isinstance(widget, QMenu):
            return True
        return isinstance(widget, QAbstractButton) and widget.text() in NEVER

    def _click(self) -> None:
        kind = self._random.choice((QWidget, QAbstractButton, QAbstractButton))
        widget = self._child(kind)  # type: ignore[type-abstract]
        if widget is None or self._is_deadly(widget):
            return
        button = Qt.MouseButton.LeftButton
        self.last = f"click on {widget!r} {widget.accessibleName()}"
        if TRACE:
            print(self.last, file=sys.stderr, flush=True)
        if self._random.random() < 0.05:
            QTest.mouseDClick(widget, button, pos=self._spot(widget))
        else:
            QTest.mouseClick(widget, button, pos=self._spot(widget))

    def _type(self) -> None:
        editors = [
            w
            for kind in (QLineEdit, QPlainTextEdit, QTextEdit)
            for w in self._top().findChildren(kind)
            if w.isVisible() and w.isEnabled()
        ]
        target = self._random.choice(editors) if editors else QApplication.focusWidget()
        if target is not None:
            target.setFocus()
            text = self._random.choice(TEXTS).replace("\n", " ")
            if text.isascii():
                QTest.keyClicks(target, text)
            else:  # what no single key writes comes from an input method
                commit = QInputMethodEvent()
                commit.setCommitString(text)
                QApplication.sendEvent(target, commit)

    def _press(self) -> None:
        target = QApplication.focusWidget() or self._controller.window
        modifiers = self._random.choice(
            (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.ShiftModifier,
                Qt.KeyboardModifier.ControlModifier,
            )
        )
        QTest.keyClick(target, self._random.choice(KEYS), modifiers)

    def _shortcut(self) -> None:
        target = QApplication.focusWidget() or self._controller.window
        QTest.keyClick(target, self._random.choice(SHORTCUTS), Qt.KeyboardModifier.ControlModifier)

    def _wheel(self) -> None:
        widget = self._child()
        if widget is None:
            return
        spot = self._spot(widget)
        QApplication.postEvent(
            widget,
            QWheelEvent(
                QPointF(spot),
                QPointF(widget.mapToGlobal(spot)),
                QPoint(0, 0),
                QPoint(0, self._random.choice((-1200, -120, 120, 1200))),
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            ),
        )

    def _drag(self) -> None:
        """Across a widget, short of a drag and drop, which would run a loop of its own."""
        widget = self._child(QTextEdit) or self._child(QPlainTextEdit)
        if widget is None:
            return
        button = Qt.MouseButton.LeftButton
        if isinstance(widget, QTextEdit | QPlainTextEdit):  # what is selected could be dragged away
            cursor = widget.textCursor()
            cursor.clearSelection()
            widget.setTextCursor(cursor)
        port = widget.viewport() if isinstance(widget, QTextEdit | QPlainTextEdit) else widget
        QTest.mousePress(port, button, pos=self._spot(port))
        QTest.mouseMove(port, self._spot(port))
        QTest.mouseRelease(port, button, pos=self._spot(port))

    def _resize(self) -> None:
        window = self._random.choice(self._windows())
        if not isinstance(window, QMenu):
            window.resize(self._random.randrange(300, 1600), self._random.randrange(300, 1000))

    def _context_menu(self) -> None:
        widget = self._child()
        if widget is None or isinstance(widget, QMenu):
            return
        from PySide6.QtGui import QContextMenuEvent

        spot = self._spot(widget)
        QApplication.postEvent(
            widget,
            QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, widget.mapToGlobal(spot)),
        )

    def _menu(self) -> None:
        """One entry of an open menu, or of the window's own."""
        popup = QApplication.activePopupWidget()
        menu = popup if isinstance(popup, QMenu) else self._controller.window.menu
        entries = [
            a
            for a in menu.actions()
            if a.isEnabled() and not a.isSeparator() and a.text() not in NEVER and not a.menu()
        ]
        if entries:
            entry = self._random.choice(entries)
            if popup is not None:
                popup.close()
            entry.trigger()

    def _setting(self) -> None:
        choices = (
            ("theme", ("light", "dark", "contrast", "system")),
            ("font_percent", (80, 100, 150, 200)),
            ("language", ("en", "zh_CN")),
            ("send_key", ("enter", "ctrl_enter")),
        )
        name, values = self._random.choice(choices)
        self._controller.window.setting_chosen.emit(name, self._random.choice(values))

    def _close_file_dialogs(self) -> None:
        for window in QApplication.topLevelWidgets():
            # Qt's own: they could touch what is not the app's, and wait in loops of their own
            if isinstance(window, QFileDialog | QAbstractPrintDialog) and window.isVisible():
                window.reject()
            elif (
                isinstance(window, QDialog) and window.isVisible() and self._random.random() < 0.05
            ):
                window.close()


def run(paths: Paths, model: Path, seconds: float, seed: int) -> tuple[Counter[str], list[str]]:
    """Play with a window for so long; returns what was done and the errors that were logged."""
    application = make_application()
    watch = Watch()
    logging.getLogger().addHandler(watch)
    opened: list[object] = []
    QDesktopServices.openUrl = opened.append  # type: ignore[method-assign]
    file = SettingsFile(paths.settings)
    settings, _ = file.load()
    translate(settings.language)
    controller = build(application, paths, file, settings)
    hook = sys.excepthook
    sys.excepthook = lambda *error: watch.errors.append("".join(traceback.format_exception(*error)))
    try:
        controller.window.show()
        controller.start(model)
        monkey = Monkey(controller, seed)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            faulthandler.dump_traceback_later(STUCK_S, exit=True)
            monkey.step()
            faulthandler.cancel_dump_traceback_later()
            if not controller.window.isVisible():
                controller.window.showNormal()
        QTest.qWait(200)
        controller.window.close()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    finally:
        sys.excepthook = hook
        logging.getLogger().removeHandler(watch)
    return monkey.done, watch.errors


def main() -> int:
    """As the module's docstring says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--screen", action="store_true", help="on an X server of its own")
    chosen = parser.parse_args()
    if chosen.screen:
        from benchmarks.screen import screen

        words = ["--seconds", str(chosen.seconds), "--seed", str(chosen.seed)]
        with screen() as found:
            command = [sys.executable, "-m", "tests.monkey", *words]
            environment = {**found.environment(), "QT_QPA_PLATFORM": "xcb"}
            return subprocess.run(command, env=environment, check=False).returncode
    with tempfile.TemporaryDirectory() as folder:
        for name in ("DATA", "CONFIG", "STATE", "CACHE"):
            os.environ[f"XDG_{name}_HOME"] = str(Path(folder) / name.lower())
        os.environ["HOME"] = folder
        paths = find_paths(Path(folder) / "inglenook")
        paths.make()
        paths.settings.write_text('{"is_offline": true, "max_tokens": 200}')
        model = resources() / "starter" / FILE_NAME
        done, errors = run(paths, model, chosen.seconds, chosen.seed)
    print(", ".join(f"{name} {count}" for name, count in sorted(done.items())))
    for error in errors:
        print("error:", error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    raise SystemExit(main())
