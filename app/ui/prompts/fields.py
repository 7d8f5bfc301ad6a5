"""One field of a prompt's form for each kind of variable: label, editor, help, what is wrong."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QDate, QEvent, QLocale, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPaintEvent, QPen, QTextCharFormat
from PySide6.QtWidgets import (
    QCalendarWidget,
    QDateEdit,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from app.core.prompts import Variable, VariableKind
from app.ui.choice import Choice
from app.ui.models_parts import IconButton, label
from app.ui.prompts.long_text import MOST_CHARACTERS, LongText
from app.ui.prompts.words import too_long, variable_label
from app.ui.setting_fields import keep_from_wheel
from app.ui.theme import GAP, SMALL, Theme

ISO = "yyyy-MM-dd"
# what is worth offering again: a text is the matter itself, not a habit
REMEMBERED = frozenset((VariableKind.TEXT, VariableKind.CHOICE, VariableKind.NUMBER))
NO_DATE = QDate(1800, 1, 1)  # stands for none where a date may be left out


class FormField(QWidget):
    """A variable's field. `value()` is its text, `problem()` what is wrong with it."""

    changed = Signal()

    editor: QWidget  # what takes the keyboard

    def __init__(self, variable: Variable) -> None:
        super().__init__()
        self.variable = variable
        self.is_touched = False  # the person has written in it
        self._is_checked = False  # what is wrong is said from now on
        self.note = label(role="bad", size=SMALL)
        self.note.hide()

    def _fill(self, editor: QWidget, *beside: QWidget, is_narrow: bool = False) -> None:
        self.editor = editor
        name = variable_label(self.variable)
        shown = f"{name} *" if self.variable.is_required else name
        head = label(shown, weight=QFont.Weight.DemiBold)
        head.setBuddy(editor)
        required = self.tr("{name}, required").replace("{name}", name)
        editor.setAccessibleName(required if self.variable.is_required else name)
        editor.setAccessibleDescription(self.help_text())
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(editor, 0 if is_narrow else 1)
        for widget in beside:
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop)
        if is_narrow:
            row.addStretch(1)
        items = QVBoxLayout(self)
        items.setContentsMargins(0, 0, 0, 0)
        items.setSpacing(4)
        items.addWidget(head)
        if self.help_text():
            items.addWidget(label(self.help_text(), role="muted", size=SMALL))
        items.addLayout(row)
        items.addWidget(self.note)
        self.setFocusProxy(editor)

    def help_text(self) -> str:
        """What stands below the label."""
        return self.variable.help.strip()

    def value(self) -> str:
        """What is filled in."""
        raise NotImplementedError

    def set_value(self, text: str) -> None:
        """Fill it in; what does not fit is left out."""
        raise NotImplementedError

    def problem(self) -> str:
        """What is wrong with the value, in a sentence."""
        if self.variable.is_required and not self.value().strip():
            return self.tr("Fill this in.")
        return ""

    def check(self) -> bool:
        """Say what is wrong, now and with every change from now on; whether nothing is."""
        self._is_checked = True
        return self._say()

    def show_wrong(self, words: str) -> None:
        """Say something that only the one who reads it knows; empty takes it away."""
        self.note.setText(words)
        self.note.setVisible(bool(words))
        self.editor.setAccessibleDescription(words or self.help_text())

    def _say(self) -> bool:
        words = self.problem()
        self.show_wrong(words)
        return not words

    def _typed(self) -> None:
        self.is_touched = True
        if self._is_checked:
            self._say()
        self.changed.emit()


class TextField(FormField):
    """A line of text."""

    def __init__(self, variable: Variable) -> None:
        super().__init__(variable)
        self.line = QLineEdit()
        self.line.setProperty("field", True)
        self.line.textEdited.connect(self._typed)
        self._fill(self.line)
        self.set_value(variable.default)

    def value(self) -> str:
        return self.line.text()

    def set_value(self, text: str) -> None:
        self.line.setText(text.replace("\n", " "))
        self.line.setCursorPosition(0)


class LongTextField(FormField):
    """Any number of lines; also what was on the clipboard or selected when the form opened."""

    def __init__(self, variable: Variable) -> None:
        super().__init__(variable)
        self.text = LongText()
        self._is_setting = False
        self.text.textChanged.connect(self._text_changed)
        self.text.refused.connect(lambda count: self.show_wrong(too_long(count)))
        self._fill(self.text)
        self.set_value(variable.default)

    def value(self) -> str:
        return self.text.toPlainText()

    def set_value(self, text: str) -> None:
        if len(text) > MOST_CHARACTERS:
            self.show_wrong(too_long(len(text)))
            return
        self._is_setting = True
        self.text.show_text(text)
        self._is_setting = False

    def _text_changed(self) -> None:
        self.show_wrong("")
        if not self._is_setting:
            self._typed()


class ChoiceField(FormField):
    """One of what there is to choose from, and nothing else."""

    def __init__(self, theme: Theme, variable: Variable) -> None:
        super().__init__(variable)
        self.box = Choice(theme, variable_label(variable))
        self.box.setMinimumWidth(180)
        if not variable.is_required:
            self.box.addItem(self.tr("None"), "")
        for choice in variable.choices:
            self.box.addItem(choice, choice)
        keep_from_wheel(self.box)
        self.box.activated.connect(lambda _row: self._typed())
        self._fill(self.box, is_narrow=True)
        self.set_value(variable.default)

    def value(self) -> str:
        return str(self.box.currentData() or "")

    def set_value(self, text: str) -> None:
        row = self.box.findData(text)
        if row >= 0:
            self.box.setCurrentIndex(row)


class NumberField(FormField):
    """A number between its limits, written as the language writes it; arrows go up and down."""

    def __init__(self, variable: Variable) -> None:
        super().__init__(variable)
        self.line = QLineEdit()
        self.line.setProperty("field", True)
        self.line.setInputMethodHints(Qt.InputMethodHint.ImhFormattedNumbersOnly)
        self.line.setMaximumWidth(220)
        self.line.textEdited.connect(self._typed)
        self.line.installEventFilter(self)
        self._fill(self.line, is_narrow=True)
        self.set_value(variable.default)

    def help_text(self) -> str:
        limits = self._limits()
        return " ".join(part for part in (super().help_text(), limits) if part)

    def value(self) -> str:
        number = self._number()
        if number is None:
            return self.line.text().strip()
        return _plain(number)

    def set_value(self, text: str) -> None:
        self.line.setText(text)

    def problem(self) -> str:
        if wrong := super().problem():
            return wrong
        if not self.line.text().strip():
            return ""
        number = self._number()
        if number is None:
            return self.tr("This is not a number.")
        low, high = self.variable.minimum, self.variable.maximum
        is_outside = (low is not None and number < low) or (high is not None and number > high)
        return self._limits() if is_outside else ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()), 0)
            if step:
                self._step(step)
                return True
        return super().eventFilter(watched, event)

    def _step(self, by: int) -> None:
        number, low, high = self._number(), self.variable.minimum, self.variable.maximum
        wanted = (low or 0.0) if number is None else number + by
        wanted = wanted if low is None else max(low, wanted)
        wanted = wanted if high is None else min(high, wanted)
        self.line.setText(_plain(wanted))
        self._typed()

    def _number(self) -> float | None:
        text = self.line.text().strip()
        for locale in (QLocale.c(), QLocale()):
            number, is_number = locale.toDouble(text)
            if is_number and abs(number) != float("inf"):
                return float(number)
        return None

    def _limits(self) -> str:
        low, high = self.variable.minimum, self.variable.maximum
        if low is not None and high is not None:
            words = self.tr("A number from {least} to {most}.")
        elif low is not None:
            words = self.tr("A number of at least {least}.")
        elif high is not None:
            words = self.tr("A number of at most {most}.")
        else:
            return ""
        words = words.replace("{least}", "" if low is None else _plain(low))
        return words.replace("{most}", "" if high is None else _plain(high))


class DateField(FormField):
    """A day, in a calendar that pops up; today where nothing else was said."""

    def __init__(self, theme: Theme, variable: Variable) -> None:
        super().__init__(variable)
        self.date = _DateEdit()
        self.date.setCalendarPopup(True)
        shown = QLocale().dateFormat(QLocale.FormatType.ShortFormat)
        self.date.setDisplayFormat(shown if "yyyy" in shown else shown.replace("yy", "yyyy"))
        self.date.setMinimumWidth(180)
        self.clear = IconButton(theme, "x", self.tr("No date"))
        self.clear.clicked.connect(self._take_away)
        if not variable.is_required:
            self.date.setMinimumDate(NO_DATE)
            self.date.setSpecialValueText(self.tr("No date"))
        keep_from_wheel(self.date)
        self._is_setting = False
        self.date.dateChanged.connect(self._date_changed)
        self._fill(self.date, self.clear, is_narrow=True)
        self.clear.setVisible(not variable.is_required)
        self.set_value(variable.default)

    def value(self) -> str:
        date = self.date.date()
        is_none = not self.variable.is_required and date == NO_DATE
        return "" if is_none else date.toString(ISO)

    def set_value(self, text: str) -> None:
        date = QDate.fromString(text.strip(), ISO)
        if not date.isValid():
            date = QDate.currentDate() if self.variable.is_required else NO_DATE
        self._is_setting = True
        self.date.setDate(date)
        self._is_setting = False

    def _take_away(self) -> None:
        self.date.setDate(NO_DATE)
        self.date.setFocus(Qt.FocusReason.OtherFocusReason)

    def _date_changed(self) -> None:
        if not self._is_setting:
            self._typed()


class _DateEdit(QDateEdit):
    """As high as the other fields, with a frame for the keyboard; the calendar opens at today
    where there is no date."""

    def __init__(self) -> None:
        super().__init__()
        self._calendar: QCalendarWidget | None = None

    def sizeHint(self) -> QSize:
        size = super().sizeHint()
        return QSize(size.width(), max(size.height(), self.fontMetrics().lineSpacing() + 15))

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def setCalendarPopup(self, enable: bool) -> None:  # noqa: N802 - Qt's name
        super().setCalendarPopup(enable)
        self._calendar = self.calendarWidget()
        if self._calendar is not None:
            self._calendar.installEventFilter(self)
            plain = QTextCharFormat()  # red cannot be read on a dark ground
            plain.setForeground(self.palette().text())
            for day in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
                self._calendar.setWeekdayTextFormat(day, plain)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        calendar = self._calendar
        if watched is calendar and event.type() == QEvent.Type.Show and calendar is not None:
            today = QDate.currentDate()
            if self.date() == NO_DATE:
                calendar.setCurrentPage(today.year(), today.month())
        return super().eventFilter(watched, event)

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab leaves the field; the arrow keys go from day to month to year."""
        return QWidget.focusNextPrevChild(self, next)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self.palette().highlight(), 2))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 3, 3)
            painter.end()


def _plain(number: float) -> str:
    """Without exponent, and none of its digits lost."""
    if number == int(number):
        return str(int(number))
    return f"{Decimal(repr(number)):f}"


def remembered(field: FormField) -> bool:
    """Whether what is in it is worth remembering for the next time."""
    return field.variable.kind in REMEMBERED
