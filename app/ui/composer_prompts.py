"""The prompts that `/` offers, in a list above the message being written."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.core.prompts import Prompt
from app.ui.palette_filter import Command, found
from app.ui.palette_list import PickList, Row
from app.ui.prompts.words import folder_words, short
from app.ui.theme import Theme

MOST_ROWS, WIDTH = 8, 520  # rows on show; pixels
MOST_DETAIL = 80  # characters
SLASH = "/"


class PromptList(QFrame):
    """Lies over the window, without the keyboard, while the text begins with `/`.

    `/name and a text` is that prompt with the text for its first field."""

    chosen = Signal(object, str)  # Prompt, the text given with it
    offered = Signal()  # it has appeared

    def __init__(self, theme: Theme, composer: QWidget) -> None:
        super().__init__(composer)
        self._composer = composer
        composer.installEventFilter(self)
        self._prompts: dict[str, Prompt] = {}
        self._by_name: dict[str, Prompt] = {}
        self._given = ""
        self._dismissed = False
        self.setObjectName("panel")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list = PickList(theme, self.tr("Prompts"), is_detail_at_end=False)
        self.list.picked.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.list)
        self.hide()

    def set_prompts(self, prompts: Sequence[Prompt]) -> None:
        """What there is to choose from."""
        self._prompts = {prompt.id: prompt for prompt in prompts}
        # in another language their English names are good too; own ones go before
        self._by_name = {name: p for p in reversed(prompts) for name in reversed(_names(p))}
        self.hide()

    @property
    def has_prompts(self) -> bool:
        """Whether there is anything to choose from."""
        return bool(self._prompts)

    def offer_for(self, text: str) -> None:
        """Show what fits the words after `/`; hide where the text is another one."""
        fitting, self._given = self._fitting(text)
        if not text.startswith(SLASH):
            self._dismissed = False
        if self._dismissed or not fitting:
            self.hide()
            return
        rows = [Row(p.id, p.title, self._detail(p)) for p in fitting]
        self.list.show_rows(rows, self.list.current_id() if self.isVisible() else "")
        self._place()
        was_there = self.isVisible()
        self.show()
        self.raise_()
        self.list.say_current()
        if not was_there:
            self.offered.emit()

    def _fitting(self, text: str) -> tuple[list[Prompt], str]:
        """The prompts that fit what was written, and the text that goes with the one there is."""
        if not text.startswith(SLASH):
            return [], ""
        name, *rest = text[1:].split(None, 1) or [""]
        named = self._by_name.get(name.casefold())
        if named is not None and rest and text[1:].startswith(name):
            return [named], rest[0].strip()
        if "\n" in text:
            return [], ""
        commands = [
            Command(p.id, p.title, keywords=" ".join((*_names(p), p.folder)))
            for p in self._prompts.values()
        ]
        fitting = [self._prompts[command.id] for command in found(text[1:], commands)]
        # one whose name begins as it was typed is meant before one whose title fits as well
        typed = text[1:].strip().casefold()
        fitting.sort(key=lambda p: not (typed and _names(p)[0].startswith(typed)))
        return fitting, ""

    def _detail(self, prompt: Prompt) -> str:
        if self._given:
            return short(self._given, MOST_DETAIL)
        parts = (folder_words(prompt.folder), f"/{prompt.name}", prompt.description)
        return short(" · ".join(part for part in parts if part), MOST_DETAIL)

    def take_key(self, event: QKeyEvent) -> bool:
        """Whether the key was for the list."""
        if not self.isVisible():
            return False
        key, plain = Qt.Key, event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain:
            return False
        steps = {key.Key_Up: -1, key.Key_Down: 1, key.Key_PageUp: -7, key.Key_PageDown: 7}
        if event.key() in steps:
            self.list.step(steps[Qt.Key(event.key())])
        elif event.key() in (key.Key_Return, key.Key_Enter, key.Key_Tab):
            self._choose(self.list.current_id())
        elif event.key() == key.Key_Escape:
            self.dismiss()
        else:
            return False
        return True

    def dismiss(self) -> None:
        """Hide until another `/` is written."""
        self._dismissed = True
        self.hide()

    def _choose(self, prompt_id: str) -> None:
        prompt = self._prompts.get(prompt_id)
        self.hide()
        if prompt is not None:
            self.chosen.emit(prompt, self._given)

    def _place(self) -> None:
        """Above the composer, as wide as it at most, within the window."""
        window = self._composer.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        top_left = self._composer.mapTo(window, QPoint(0, 0))
        width = min(self._composer.width(), WIDTH)
        margins = 14
        height = min(self.list.height_of_rows(MOST_ROWS) + margins, max(0, top_left.y() - 12))
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = top_left.x() + (self._composer.width() - width if is_mirrored else 0)
        self.setGeometry(left, top_left.y() - height - 4, width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move) and self.isVisible():
            self._place()
        elif event.type() == QEvent.Type.Hide and watched is self._composer:
            self.hide()  # it is the window's, and would stay
        return super().eventFilter(watched, event)


def _names(prompt: Prompt) -> tuple[str, ...]:
    """What it can be called by after `/`."""
    own = prompt.name.casefold()
    return (own, prompt.id.rpartition(":")[2].casefold()) if prompt.is_built_in else (own,)
