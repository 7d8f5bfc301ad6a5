"""A piece of code in a message: its language, what can be done with it, its text in colours."""

from __future__ import annotations

import time
from concurrent.futures import Future

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QIcon, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.code_saving import ask_where_to_save
from app.ui.code_text import CodeText
from app.ui.highlight import Span, is_ready, lex_later, spans_of_short
from app.ui.markdown_parts import Code
from app.ui.markdown_source import code_markdown
from app.ui.models_parts import with_air
from app.ui.sizes import size_icon
from app.ui.theme import GAP, Theme, code_font
from app.ui.tips import tip

NOT_READY_MS = 50  # until it is asked again whether Pygments is loaded, or has read the code
SHORT = 3_000  # characters that are read at once, in a few milliseconds


class CodeBlock(QWidget):
    """Code with its language, buttons and colours; grows while it is written."""

    wraps_by_default = False  # as it was set last: of all blocks that are made from then on

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        frame = QFrame()
        frame.setObjectName("codeBlock")
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.addWidget(frame)
        self._theme = theme
        self._language = ""
        self._code = ""
        self._label = QLabel()
        self._label.setProperty("role", "muted")
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._text = CodeText()
        self._recolour = QTimer(self)
        self._recolour.setSingleShot(True)
        self._recolour.timeout.connect(self._colour)
        self._lexing: Future[list[list[Span]]] | None = None
        self._interval_ms = 300
        self._is_coloured = True
        self._started = 0.0
        head = QHBoxLayout()
        head.setContentsMargins(12, 4, 4, 0)
        head.setSpacing(2)
        head.addWidget(self._label)
        head.addStretch()
        self.wrap_button = self._button()
        self.wrap_button.setCheckable(True)
        self.save_button = self._button()
        self.copy_button = self._button()
        for button in (self.wrap_button, self.save_button, self.copy_button):
            head.addWidget(button)
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(0, 0, 0, GAP)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._text)
        self._say()
        self._show_buttons()
        self.wrap_button.setChecked(CodeBlock.wraps_by_default)
        self._text.set_wrapped(CodeBlock.wraps_by_default)
        self.wrap_button.clicked.connect(self._wrap)
        self.save_button.clicked.connect(self.save_code)
        self.copy_button.clicked.connect(self.copy_code)

    @property
    def code(self) -> str:
        """The code as it would be copied."""
        return self._code

    @property
    def is_wrapped(self) -> bool:
        """Whether long lines are broken."""
        return self._text.is_wrapped

    def set_indent(self, pixels: int) -> None:
        """Leave so much room at the side: code within a list stands below its item's text."""
        if self._outer.contentsMargins().left() != pixels:
            self._outer.setContentsMargins(pixels, 0, 0, 0)

    def show_code(self, code: str, language: str) -> None:
        """Show `code`; text that merely grew is appended without laying out the rest again."""
        if language != self._language:
            self._language = language
            self._label.setText(language)
            self._say()
        if code == self._code:
            return
        if self._code and code.startswith(self._code):
            self._text.add(code[len(self._code) :])
        else:
            self._text.setPlainText(code)
        self._code = code
        self._is_coloured = False
        self._text.fit()
        if not self._recolour.isActive():
            self._recolour.start(self._interval_ms)

    def finish(self) -> None:
        """No more code will come: colour it soon."""
        if not self._is_coloured:
            self._recolour.start(0)

    def restyle(self) -> None:
        """Colours and sizes again, after the theme changed."""
        self._show_buttons()
        self._text.setFont(code_font())
        self._text.fit()
        self._lexing = None
        self._colour()

    def text_edits(self) -> list[QTextEdit | QPlainTextEdit]:
        """The widget that a selection is in."""
        return [self._text]

    def selected_markdown(self) -> str:
        """What is selected, fenced."""
        text = self.selected_plain()
        return code_markdown(Code(text, self._language)) if text else ""

    def selected_plain(self) -> str:
        """What is selected."""
        return self._text.textCursor().selection().toPlainText()

    def copy_code(self) -> None:
        """Put the code on the clipboard and say so for a moment."""
        QGuiApplication.clipboard().setText(self._code)
        self.copy_button.setText(self.tr("Copied"))
        self.copy_button.setIcon(self._icon("check"))
        QTimer.singleShot(1500, self, self._show_buttons)

    def save_code(self) -> None:
        """Ask for a place and write the code there; the button says how it went."""
        title = self.tr("Save the code")
        ask_where_to_save(self, self._code, self._language, title, self._say_saved)

    def _say_saved(self, problem: str) -> None:
        self.save_button.setText(self.tr("Not saved") if problem else self.tr("Saved"))
        icon = "circle-alert" if problem else "check"
        self.save_button.setIcon(self._icon(icon))
        self.save_button.setToolTip(tip(problem))
        QTimer.singleShot(8000 if problem else 1500, self, self._show_buttons)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
            self._show_buttons()

    def _say(self) -> None:
        named = self.tr("Code in {language}").replace("{language}", self._language)
        name = named if self._language else self.tr("Code")
        for widget in (self, self._text):
            widget.setAccessibleName(name)
        self.wrap_button.setText(self.tr("Wrap"))
        for button, words in (
            (self.wrap_button, self.tr("Break long lines")),
            (self.save_button, self.tr("Save the code to a file")),
            (self.copy_button, self.tr("Copy the code")),
        ):
            button.setToolTip(words)
            button.setAccessibleName(words)

    def _button(self) -> QToolButton:
        button = QToolButton()
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        size_icon(button, 22, 16)
        return button

    def _icon(self, name: str) -> QIcon:
        return with_air(
            self._theme.icon(name, self._theme.colours.muted), 16, self.devicePixelRatioF()
        )

    def _show_buttons(self) -> None:
        self.copy_button.setText(self.tr("Copy"))
        self.copy_button.setIcon(self._icon("copy"))
        self.save_button.setText(self.tr("Save"))
        self.save_button.setToolTip(self.tr("Save the code to a file"))
        self.save_button.setIcon(self._icon("download"))
        self._show_wrap()

    def _show_wrap(self) -> None:
        """A tick tells that it is on, and not by a colour alone."""
        icon = "check" if self.wrap_button.isChecked() else "wrap-text"
        self.wrap_button.setIcon(self._icon(icon))

    def _wrap(self, is_on: bool) -> None:
        CodeBlock.wraps_by_default = is_on
        self._text.set_wrapped(is_on)
        self._show_wrap()

    def _colour(self) -> None:
        """Read the code and colour it; long code is read beside the main thread."""
        if self._language and not is_ready():
            self._recolour.start(NOT_READY_MS)
            return
        is_dark = self._theme.colours.is_dark
        if self._lexing is None:
            self._started = time.monotonic()
            self._is_coloured = True
            if len(self._code) > SHORT:
                self._lexing = lex_later(self._code, self._language, dark=is_dark)
                self._recolour.start(NOT_READY_MS)
                return
            self._show_colours(spans_of_short(self._code, self._language, dark=is_dark))
        elif self._lexing.done():
            found, self._lexing = self._lexing.result(), None
            self._show_colours(found)
        else:
            self._recolour.start(NOT_READY_MS)

    def _show_colours(self, found: list[list[Span]]) -> None:
        cost_ms = (time.monotonic() - self._started) * 1000
        # A long block is lexed again and again while it grows: spend at most 1/30 of the time on it
        self._interval_ms = max(300, int(cost_ms * 30))
        if not self._text.colours.show(found):
            QTimer.singleShot(0, self, self._more_colours)
        if not self._is_coloured:  # it grew meanwhile
            self._recolour.start(self._interval_ms)

    def _more_colours(self) -> None:
        if not self._text.colours.go_on():
            QTimer.singleShot(0, self, self._more_colours)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._text.fit()
