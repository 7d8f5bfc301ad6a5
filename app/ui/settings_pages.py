"""The settings' pages that are nothing but their declarations: each setting with its control."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeySequence, QPainter, QPixmap
from PySide6.QtWidgets import QKeySequenceEdit, QLineEdit

from app.core.settings import Settings, declarations
from app.ui.engine_settings_lines import LinesField
from app.ui.palettes import ACCENTS, with_accent
from app.ui.setting_fields import CheckField, ChoiceField, Field, TextField
from app.ui.setting_numbers import DecimalField, NumberField
from app.ui.settings_part import Page
from app.ui.theme import Theme

SWATCH = 16  # pixels, of an accent in its list
AnyField = CheckField | ChoiceField | DecimalField | LinesField | NumberField | TextField
_MODIFIERS = ("Ctrl+", "Alt+", "Meta+")
_FUNCTION_KEYS = frozenset(f"F{number}" for number in range(1, 36))


class DeclaredPage(Page):
    """Every setting of one section that is not hidden, under its headings in order.

    `groups` are headings with the names of settings below them; what is in none of them comes last.
    """

    changed = Signal(str, object)  # a setting and its new value

    def __init__(
        self,
        theme: Theme,
        section: str,
        name: str,
        groups: Sequence[tuple[str, Sequence[str]]] = (),
    ) -> None:
        super().__init__(theme, section, name)
        self.fields = {name: field_of(name, theme) for name in self.names}
        for field in self.fields.values():
            field.changed.connect(self.changed)
        placed = {name for _, names in groups for name in names}
        rest = [name for name in self.names if name not in placed]
        for heading, names in (*groups, ("", rest)):
            if names:
                self.add(heading, [self.fields[name] for name in names])

    def show_settings(self, settings: Settings) -> None:
        """The values in force."""
        for name, field in self.fields.items():
            field.show_value(getattr(settings, name))  # type: ignore[attr-defined]


def field_of(name: str, theme: Theme) -> Field:
    """The control for a setting, by what its declaration says and the type of its default."""
    declaration, default = declarations()[name], getattr(Settings(), name)
    if name == "accent":
        return AccentField(theme)
    if declaration.choices:
        return ChoiceField(name, theme)
    if declaration.form == "shortcut":
        return ShortcutField(name)
    if isinstance(default, bool):
        return CheckField(name)
    if isinstance(default, int):
        return NumberField(name)
    if isinstance(default, float):
        return DecimalField(name, declaration.step)
    return TextField(name, str.strip)


class AccentField(ChoiceField):
    """The accents, each with its colour; the system's only where there is one."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        super().__init__("accent", theme)
        self._every = [
            (self.editor.itemData(n), self.editor.itemText(n)) for n in range(self.editor.count())
        ]
        self.editor.setIconSize(QSize(SWATCH, SWATCH))
        theme.changed.connect(self._paint)
        self._paint()

    def show_value(self, value: object) -> None:
        """The accent in force; the system's is listed also where it was chosen elsewhere."""
        has_system = bool(self._theme.system_accent) or value == "system"
        self.offer([pair for pair in self._every if has_system or pair[0] != "system"])
        self._paint()
        super().show_value(value)

    def _paint(self) -> None:
        for index in range(self.editor.count()):
            self.editor.setItemIcon(index, self._swatch(str(self.editor.itemData(index))))

    def _swatch(self, accent: str) -> QIcon:
        hue = ACCENTS.get(accent, "")
        hue = self._theme.system_accent if accent == "system" else hue
        plain = self._theme.plain_colours
        ratio = self.devicePixelRatioF()
        picture = QPixmap(QSize(SWATCH, SWATCH) * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor((with_accent(plain, hue) if hue else plain).accent))
        painter.drawEllipse(QRectF(1, 1, SWATCH - 2, SWATCH - 2))
        painter.end()
        return QIcon(picture)


class ShortcutField(Field):
    """A combination of keys, taken as it is pressed; empty is none."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.editor: QKeySequenceEdit = QKeySequenceEdit()
        self.editor.setMaximumSequenceLength(1)
        self.editor.setClearButtonEnabled(True)
        self.editor.setMinimumWidth(220)
        self.editor.editingFinished.connect(self._finish)
        self.editor.keySequenceChanged.connect(self._clear)
        self._value = ""
        self._fill(self.editor, is_narrow=True)
        for inside in self.editor.findChildren(QLineEdit):  # a screen reader comes to this one
            inside.setAccessibleName(self.editor.accessibleName())

    def show_value(self, value: str) -> None:
        """The keys in force."""
        self._value = value
        self.editor.blockSignals(True)
        self.editor.setKeySequence(_keys(value))
        self.editor.blockSignals(False)
        self._mark(value)

    def words_of(self, value: object) -> str:
        """As the platform writes keys."""
        text = _keys(str(value)).toString(QKeySequence.SequenceFormat.NativeText)
        return text or super().words_of(value)

    def forget_typed(self) -> None:
        """The default is about to come back: what is wrong goes."""
        self.say("")
        self.show_value(self.default)

    def _clear(self, keys: QKeySequence) -> None:
        if keys.isEmpty():  # by the button, or by a key that begins another combination
            self.say("")

    def _finish(self) -> None:
        text = self.editor.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if text and not text.startswith(_MODIFIERS) and text not in _FUNCTION_KEYS:
            self.say(self.tr("Use Ctrl or Alt with another key: these keys write text."), "bad")
            return
        self.say("")
        if text != self._value:
            self._value = text
            self.changed.emit(self.name, text)


def _keys(text: str) -> QKeySequence:
    return QKeySequence.fromString(text, QKeySequence.SequenceFormat.PortableText)
