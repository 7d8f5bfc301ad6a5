"""Two versions of a message side by side, to read both and keep one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.entities import Message
from app.ui.answer_figures import seconds_text
from app.ui.choice import Choice
from app.ui.message_body import MessageBody
from app.ui.theme import GAP, Theme
from app.ui.words import short_model_name


class _Side(QWidget):
    """One version: which one it is, its text, and a button to go on with it."""

    kept = Signal(str)

    def __init__(self, versions: Sequence[Message], chosen: int, theme: Theme) -> None:
        super().__init__()
        self._versions = list(versions)
        self._theme = theme
        self._body: MessageBody | None = None
        self.chooser = Choice(theme, self.tr("Version"))
        self.chooser.setAccessibleDescription(self.tr("Version"))  # all that is read on Linux
        for number, version in enumerate(versions, 1):
            self.chooser.addItem(self._name_of(number, version))
        self._figures = QLabel()
        self._figures.setProperty("role", "muted")
        self._figures.setWordWrap(True)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.keep = QPushButton(self.tr("Go on with this one"))
        self.keep.clicked.connect(lambda: self.kept.emit(self.message.id))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.chooser)
        layout.addWidget(self._figures)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(self.keep)
        self.chooser.currentIndexChanged.connect(self._show)
        self.chooser.setCurrentIndex(chosen)
        theme.changed.connect(self._restyle)
        self._show()

    @property
    def message(self) -> Message:
        """The version on show."""
        return self._versions[max(0, self.chooser.currentIndex())]

    def _name_of(self, number: int, version: Message) -> str:
        words = self.tr("Version {number} of {count}").replace("{number}", str(number))
        words = words.replace("{count}", str(len(self._versions)))
        return f"{words} · {short_model_name(version.model)}" if version.model else words

    def _show(self) -> None:
        message = self.message
        self.setAccessibleName(self.chooser.currentText())
        self._scroll.setAccessibleName(self.chooser.currentText())
        figures = message.statistics
        body = self._body = MessageBody(self._theme)
        if figures is not None and figures.thinking_s:
            body.set_thinking_seconds(figures.thinking_s)
        body.append(message.content, is_complete=True)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, GAP, 0)
        column.addWidget(body)
        column.addStretch(1)
        self._scroll.setWidget(page)
        self._figures.setVisible(figures is not None)
        if figures is not None:
            words = self.tr("%Ln tokens in {time}", "", figures.completion_tokens)
            self._figures.setText(words.replace("{time}", seconds_text(figures.write_s)))

    def _restyle(self) -> None:
        if self._body is not None:
            self._body.restyle()


class Compare(QDialog):
    """The dialog; `kept` says which version the conversation goes on with."""

    kept = Signal(str)

    def __init__(self, versions: Sequence[Message], shown: str, theme: Theme, parent: QWidget):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Compare the versions"))
        self.resize(QSize(980, 620).boundedTo(self.screen().availableSize() * 0.9))
        self.setMinimumSize(480, 320)
        ids = [version.id for version in versions]
        right = next((i for i, message_id in enumerate(ids) if message_id == shown), len(ids) - 1)
        left = right - 1 if right else min(1, len(ids) - 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP * 2, GAP * 2, GAP * 2, GAP * 2)
        row.setSpacing(GAP * 3)
        self.sides = [_Side(versions, index, theme) for index in sorted((left, right))]
        for side in self.sides:
            side.kept.connect(self._keep)
            row.addWidget(side, 1)

    def _keep(self, message_id: str) -> None:
        self.kept.emit(message_id)
        self.close()
