"""Editors of single settings, made from their declarations: words, limits, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import AppError
from app.core.settings import Settings, declarations
from app.core.settings_declaration import Declaration
from app.ui.choice import Choice
from app.ui.models_parts import BESIDE_BOX, label, set_role
from app.ui.settings_part import Part
from app.ui.theme import SMALL, Theme, text_font
from app.ui.words import action_of, summary_of


def declared_label(declaration: Declaration) -> str:
    """The setting's name, translated."""
    return _translated(declaration.label)


def declared_help(declaration: Declaration) -> str:
    """What it does, translated."""
    return _translated(declaration.help)


class Field(Part):
    """Something to choose, its name above, its help and default below, a note where one is due."""

    changed = Signal(str, object)  # name of the setting, its new value
    reset_requested = Signal(str)  # its default shall come back

    editor: QWidget

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.declaration = declarations()[name]
        self.default = getattr(Settings(), name)
        self.is_resettable = True
        self.help = label(role="muted", size=SMALL)
        self.note = label(size=SMALL)
        self.note.hide()
        self.reset = QToolButton()
        self.reset.setText(self.tr("Reset"))
        self.reset.setProperty("role", "link")
        self.reset.setFont(text_font(SMALL))
        keeps_room = self.reset.sizePolicy()
        keeps_room.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(keeps_room)
        self.reset.hide()
        self.reset.clicked.connect(self._reset)
        self._items = QVBoxLayout(self)
        self._items.setContentsMargins(0, 0, 0, 0)
        self._items.setSpacing(4)

    def words(self) -> Sequence[str]:
        """What a search finds it by."""
        declaration = self.declaration
        texts = [declaration.label, declaration.help, *(text for _, text in declaration.choices)]
        return [self.name, *texts, *(_translated(text) for text in texts)]

    def say(self, text: str, role: str = "warn") -> None:
        """A note below; empty takes it away. `role` is its colour: warn, bad or good."""
        self.note.setText(text)
        self.note.setVisible(bool(text))
        set_role(self.note, role)

    def words_of(self, value: object) -> str:
        """A value as it is said in a sentence."""
        for choice, text in self.declaration.choices:
            if choice == value:
                return _translated(text)
        return str(value) if value != "" else self.tr("empty")

    def forget_typed(self) -> None:
        """The default is about to come back: what was typed, or is wrong, goes."""

    def _mark(self, value: object) -> None:
        """Offer the way back where `value` is not the default."""
        self.reset.setVisible(self.is_resettable and value != self.default)

    def _reset(self) -> None:
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self.forget_typed()
        self.reset_requested.emit(self.name)

    def _describe(self) -> None:
        """Help and default, on show and for screen readers."""
        words = self.tr("{help} Default: {value}.").replace("{value}", self.words_of(self.default))
        self.help.setText(words.replace("{help}", declared_help(self.declaration)))
        self.editor.setAccessibleDescription(self.help.text())
        words = self.tr("Reset “{setting}” to its default")
        name = words.replace("{setting}", declared_label(self.declaration))
        self.reset.setToolTip(name)
        self.reset.setAccessibleName(name)

    def _fill(self, editor: QWidget, *, is_narrow: bool = False) -> None:
        editor.setAccessibleName(declared_label(self.declaration))
        self._describe()
        head = QHBoxLayout()
        name = title(declared_label(self.declaration))
        name.setBuddy(editor)  # on Linux all there is of the name of a list of choices
        head.addWidget(name, 1)
        self._items.addLayout(head)
        if is_narrow:
            row = QHBoxLayout()
            row.addWidget(editor)
            row.addStretch(1)
            self._items.addLayout(row)
        else:
            self._items.addWidget(editor)
        head.addWidget(self.reset)
        self._items.addWidget(self.note)
        self._items.addWidget(self.help)


class TextField(Field):
    """A line of text, taken when it is finished; `clean` brings it into shape or raises."""

    def __init__(self, name: str, clean: Callable[[str], str], placeholder: str = "") -> None:
        super().__init__(name)
        self._clean = clean
        self._value = ""
        self.is_wrong = False
        self.editor: QLineEdit = QLineEdit()
        self.editor.setProperty("field", True)
        self.editor.setPlaceholderText(placeholder)
        self.editor.editingFinished.connect(self._finish)
        self._fill(self.editor)

    def show_value(self, value: str) -> None:
        """The value in force; what is being typed, or is wrong and said to be, stays."""
        self._value = value
        if not self.editor.hasFocus() and not self.is_wrong:
            self.editor.setText(value)
        self._mark(value)

    def forget_typed(self) -> None:
        """The default is about to come back: what was typed, or is wrong, goes."""
        self.is_wrong = False
        self.say("")
        self._value = self.default
        self.editor.setText(self.default)

    def _finish(self) -> None:
        try:
            value = self._clean(self.editor.text())
        except AppError as error:
            self.is_wrong = True
            self.say(f"{summary_of(error.problem)} {action_of(error.problem)}", "bad")
            return
        if self.is_wrong:
            self.is_wrong = False
            self.say("")
        self.editor.setText(value)
        if value != self._value:
            self._value = value
            self.changed.emit(self.name, value)


class CheckField(Field):
    """Yes or no."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.editor: QCheckBox = QCheckBox(declared_label(self.declaration))
        self.editor.clicked.connect(lambda is_on: self.changed.emit(name, is_on))
        self.help.setIndent(BESIDE_BOX)
        self.note.setIndent(BESIDE_BOX)
        self._describe()
        head = QHBoxLayout()
        head.addWidget(self.editor, 1)
        head.addWidget(self.reset)
        self._items.addLayout(head)
        self._items.addWidget(self.help)
        self._items.addWidget(self.note)

    def show_value(self, value: bool) -> None:
        """The value in force."""
        self.editor.setChecked(value)
        self._mark(value)

    def words_of(self, value: object) -> str:
        """On or off."""
        return self.tr("on") if value else self.tr("off")


class ChoiceField(Field):
    """One of several: the declared choices, or `choices` as pairs of a value and its words."""

    def __init__(
        self,
        name: str,
        theme: Theme,
        choices: Sequence[tuple[object, str]] = (),
        *,
        is_wide: bool = False,
    ) -> None:
        super().__init__(name)
        self.editor: Choice = Choice(theme, declared_label(self.declaration))
        self.editor.setToolTip("")
        self.editor.setMinimumWidth(150)
        if is_wide:  # long words are cut rather than widening the page
            policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            self.editor.setSizeAdjustPolicy(policy)
        self.editor.activated.connect(
            lambda index: self.changed.emit(name, self.editor.itemData(index))
        )
        keep_from_wheel(self.editor)
        self.offer(choices or [(v, _translated(text)) for v, text in self.declaration.choices])
        self._fill(self.editor, is_narrow=not is_wide)

    def offer(self, choices: Sequence[tuple[object, str]]) -> None:
        """Other choices; an open list stays as it is where they are the same."""
        editor = self.editor
        if choices != [(editor.itemData(n), editor.itemText(n)) for n in range(editor.count())]:
            editor.clear()
            for value, text in choices:
                editor.addItem(text, value)

    def show_value(self, value: object) -> None:
        """The value in force."""
        self.editor.setCurrentIndex(self.editor.findData(value))
        self._mark(value)

    def words_of(self, value: object) -> str:
        """The words of that choice."""
        index = self.editor.findData(value)
        return self.editor.itemText(index) if index >= 0 else super().words_of(value)


class _WheelGuard(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and not (
            isinstance(watched, QWidget) and watched.hasFocus()
        ):
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def keep_from_wheel(editor: QWidget) -> None:
    """The wheel does not change it while the page is scrolled."""
    editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    editor.installEventFilter(_WheelGuard(editor))


def title(text: str) -> QLabel:
    """The name of a field."""
    return label(text, weight=QFont.Weight.DemiBold)


def _translated(text: str) -> str:
    return QCoreApplication.translate("Settings", text)
