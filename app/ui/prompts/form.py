"""The form of a prompt: a field for each variable, a look at the outcome, Insert and Send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import Problem
from app.core.prompts import Prompt, PromptTemplate, Rendered, Variable, VariableKind
from app.services.ports import Scheduler
from app.ui.focus_order import FocusOrder
from app.ui.models_parts import TextButton, label, set_role
from app.ui.prompts.alive import while_there
from app.ui.prompts.fields import (
    ChoiceField,
    DateField,
    FormField,
    LongTextField,
    NumberField,
    TextField,
    remembered,
)
from app.ui.prompts.file_field import FileField
from app.ui.prompts.preview import Preview, Renders
from app.ui.prompts.targets import target_of
from app.ui.prompts.words import variable_label
from app.ui.theme import GAP, HEADING, SMALL, Theme
from app.ui.words import action_of, summary_of

WIDTH = 520  # pixels


class PromptForm(FocusOrder, QDialog):
    """Modal to its window; `filled` tells what came of it, and whether it is to be sent at once."""

    filled = Signal(object, bool)  # Rendered, is it to be sent
    answered = Signal(object)  # dict[str, str]: what to remember for the next time

    def __init__(
        self,
        theme: Theme,
        prompt: Prompt,
        library: Renders,
        scheduler: Scheduler,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.prompt = prompt
        self._theme, self._library, self._scheduler = theme, library, scheduler
        self._is_busy = False
        self._fitted = 0  # the height that it gave itself, in pixels
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(prompt.title)
        self.fields = [self._make_field(v) for v in prompt.template.variables]
        self.preview = Preview(theme, library, self._for_preview)
        self.outcome = label(role="bad")
        self.outcome.hide()
        self._make_buttons()
        self._make_layout()
        for field in self.fields:
            field.changed.connect(self._changed)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self).activated.connect(self.send.click)
        if self.fields:
            self.fields[0].editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_parts(self) -> Sequence[QWidget]:
        return (self.area, self._buttons)

    def _make_field(self, variable: Variable) -> FormField:
        kinds = VariableKind
        if variable.kind is kinds.CHOICE:
            return ChoiceField(self._theme, variable)
        if variable.kind is kinds.NUMBER:
            return NumberField(variable)
        if variable.kind is kinds.DATE:
            return DateField(self._theme, variable)
        if variable.kind is kinds.FILE:
            return FileField(self._theme, variable, self._scheduler)
        if variable.kind is kinds.TEXT:
            return TextField(variable)
        return LongTextField(variable)

    def _make_buttons(self) -> None:
        self.cancel = TextButton(self._theme, self.tr("Cancel"))
        self.insert = TextButton(self._theme, self.tr("Insert"))
        self.insert.setToolTip(self.tr("Into the message, to be read over"))
        self.send = TextButton(self._theme, self.tr("Send"), "arrow-up", is_primary=True)
        self.send.setToolTip(self.tr("Send with Ctrl+Enter"))
        self.cancel.clicked.connect(self.reject)
        self.insert.clicked.connect(lambda: self._finish(is_sending=False))
        self.send.clicked.connect(lambda: self._finish(is_sending=True))
        for button in (self.cancel, self.insert, self.send):
            button.setAutoDefault(False)

    def _make_layout(self) -> None:
        column = QWidget()
        items = QVBoxLayout(column)
        items.setContentsMargins(0, 0, 0, 0)
        items.setSpacing(GAP * 2)
        for field in self.fields:
            items.addWidget(field)
        items.addWidget(self.preview)
        items.addStretch(1)
        self.area = _Area(column)
        self.area.setAccessibleName(self.prompt.title)
        self.area.grown.connect(self._grow)
        self._buttons = QWidget()
        buttons = QHBoxLayout(self._buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(GAP)
        buttons.addStretch(1)
        for button in (self.cancel, self.insert, self.send):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 2)
        layout.setSpacing(GAP + 4)
        layout.addWidget(label(self.prompt.title, size=HEADING * 1.1, weight=QFont.Weight.DemiBold))
        if self.prompt.description:
            layout.addWidget(label(self.prompt.description, role="muted", size=SMALL))
        layout.addWidget(self.area, 1)
        layout.addWidget(self.outcome)
        layout.addWidget(self._buttons)

    # values

    def give(self, text: str) -> None:
        """A text that was selected, or written after the prompt's name."""
        target = target_of(self.prompt)
        if target is not None and text:
            field = self.field(target.name)
            field.set_value(text)
            field.is_touched = True
            self._focus_first_empty()

    def take_clipboard(self) -> None:
        """What is on the clipboard now goes into the fields for it."""
        text = QApplication.clipboard().text()
        for field in self.fields:
            if field.variable.kind is VariableKind.CLIPBOARD and text and not field.is_touched:
                field.set_value(text)

    def show_last(self, answers: dict[str, str]) -> None:
        """What was filled in the last time, where nothing is yet; what does not fit is left out."""
        for field in self.fields:
            text = answers.get(field.variable.name, "")
            if text and not field.is_touched and remembered(field):
                field.set_value(text)
        self.preview.change()

    def show_can_send(self, can_send: bool) -> None:
        """Whether a model can answer now."""
        self.send.setEnabled(can_send)
        words = self.tr("Send with Ctrl+Enter")
        self.send.setToolTip(words if can_send else self.tr("No model is free to answer now"))

    def field(self, name: str) -> FormField:
        """The field of a variable; raises StopIteration where there is none."""
        return next(field for field in self.fields if field.variable.name == name)

    def values(self) -> dict[str, str]:
        """What is filled in, by the variables' names."""
        return {field.variable.name: field.value() for field in self.fields}

    def _focus_first_empty(self) -> None:
        empty = next((field for field in self.fields if not field.value()), None)
        (empty or self.fields[0]).editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _for_preview(self) -> tuple[PromptTemplate, dict[str, str]]:
        """With its name in brackets where a field is not filled in, and a number that it can be."""
        variables, values = [], {}
        for field in self.fields:
            variable, text = field.variable, field.value()
            if field.problem() and variable.kind is VariableKind.NUMBER:
                low, high = variable.minimum, variable.maximum
                text = f"{low if low is not None else high if high is not None else 1:g}"
            elif field.problem():
                variable = replace(variable, kind=VariableKind.LONG_TEXT)
                text = text or f"‹{variable_label(variable)}›"
            variables.append(variable)
            values[variable.name] = text
        return replace(self.prompt.template, variables=tuple(variables)), values

    def _changed(self) -> None:
        self.outcome.hide()
        self.preview.change()

    # the end

    def _finish(self, *, is_sending: bool) -> None:
        if self._is_busy or (is_sending and not self.send.isEnabled()):
            return
        wrong = [field for field in self.fields if not field.check()]
        if wrong:
            wrong[0].editor.setFocus(Qt.FocusReason.OtherFocusReason)
            self.area.ensureWidgetVisible(wrong[0])
            return
        self._set_busy(True)
        values = self.values()

        def done(rendered: Rendered) -> None:
            self.answered.emit({f.variable.name: f.value() for f in self.fields if remembered(f)})
            self.accept()
            self.filled.emit(rendered, is_sending)

        self._library.render(
            self.prompt.template, values, while_there(self, done), while_there(self, self._failed)
        )

    def _failed(self, problem: Problem) -> None:
        self._set_busy(False)
        self.outcome.setText(f"{summary_of(problem)} {action_of(problem)}")
        self.outcome.show()

    def _set_busy(self, is_busy: bool) -> None:
        self._is_busy = is_busy
        set_role(self.outcome, "muted" if is_busy else "bad")
        self.outcome.setText(self.tr("One moment…") if is_busy else "")
        self.outcome.setVisible(is_busy)
        self.insert.setEnabled(not is_busy)
        self.area.setEnabled(not is_busy)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter in a line goes to the next field, as Tab does, and at the end to the button."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if isinstance(self.focusWidget(), QLineEdit):
                self.focusNextChild()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and not self._is_busy:
            self.setWindowTitle(self.prompt.title)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, super().sizeHint().height())

    def open(self) -> None:
        """Over its window, as large as it needs to be and as the screen has room for."""
        room = self.screen().availableSize()
        width = min(WIDTH, room.width())
        self.resize(width, self.height())  # how high it must be depends on how wide it is
        self._wanted_height()
        self._fitted = self._wanted_height()
        self.resize(width, self._fitted)
        super().open()

    def _wanted_height(self) -> int:
        layout = self.layout()
        if layout is None:
            return self.height()
        layout.activate()
        wanted = layout.heightForWidth(self.width())
        if wanted <= 0:
            wanted = layout.sizeHint().height()
        return min(wanted, int(self.screen().availableSize().height() * 0.9))

    def _grow(self) -> None:
        """Room for what has come: a longer text, what is wrong, the preview. A height that the
        person gave it is only added to."""
        wanted = self._wanted_height()
        if wanted > self.height() or self.height() == self._fitted:
            self._fitted = wanted
            self.resize(self.width(), wanted)


class _Area(QScrollArea):
    """As high as the fields in it, and scrolls where there is less room."""

    grown = Signal()

    def __init__(self, column: QWidget) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._column = column
        self._known = 0
        self.setWidget(column)
        column.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._column and event.type() == QEvent.Type.LayoutRequest:
            QTimer.singleShot(0, self, self._look)
        return super().eventFilter(watched, event)

    def _look(self) -> None:
        height = self.sizeHint().height()
        if height != self._known:
            self._known = height
            self.updateGeometry()
            self.grown.emit()

    def sizeHint(self) -> QSize:
        width = max(1, self.viewport().width())
        layout = self._column.layout()
        high = layout.heightForWidth(width) if layout is not None else -1
        # the column's own hint is that of its narrowest, with every word in a line of its own
        return QSize(width, (high if high > 0 else self._column.sizeHint().height()) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, min(120, self.sizeHint().height()))
