"""The way to the Models page in the sidebar, with the progress of all downloads together."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QStyle, QToolButton

from app.ui.models_parts import with_air
from app.ui.sizes import size_icon
from app.ui.theme import GAP, SMALL, Theme, text_font
from app.ui.words import percent_text

BAR_HEIGHT = 3  # pixels


class ModelsEntry(QToolButton):
    """Checked while the page is open; a thin bar and a percentage while something is fetched."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._progress = -1.0
        self.setObjectName("modelsEntry")
        self.setCheckable(True)
        size_icon(self, 26, 20)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._restyle)
        self._say()
        self._restyle()

    @property
    def progress_text(self) -> str:
        """The percentage on show, empty without a download."""
        return percent_text(self._progress) if self._progress >= 0 else ""

    def show_progress(self, progress: float) -> None:
        """`progress` from 0 to 1; below 0 nothing is going on."""
        self._progress = progress
        words = self.tr("Models")
        if progress >= 0:
            downloading = self.tr("downloading, {percent}")
            words += ", " + downloading.replace("{percent}", self.progress_text)
        self.setAccessibleName(words)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
        elif event.type() == QEvent.Type.LayoutDirectionChange:
            self._restyle()

    def _say(self) -> None:
        self.setText(self.tr("Models"))
        self.setToolTip(self.tr("Find, download and manage models (Ctrl+M)"))
        self.show_progress(self._progress)

    def nextCheckState(self) -> None:  # noqa: N802 - Qt's name
        """The window says whether the page is open, not the click."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._progress < 0:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self._theme.colours
        painter.setFont(text_font(SMALL))
        painter.setPen(QColor(colours.text if self.isChecked() else colours.muted))
        direction = self.layoutDirection()
        trailing = QStyle.visualAlignment(direction, Qt.AlignmentFlag.AlignRight)
        painter.drawText(
            self.rect().adjusted(10, 0, -10, 0),
            int(trailing | Qt.AlignmentFlag.AlignVCenter),
            self.progress_text,
        )
        left, width = 10, self.width() - 20
        bar = QRect(left, self.height() - BAR_HEIGHT - 2, width, BAR_HEIGHT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.border))
        painter.drawRoundedRect(bar, 1.5, 1.5)
        painter.setBrush(QColor(colours.accent))
        done = QRect(bar)
        done.setWidth(max(BAR_HEIGHT, int(width * self._progress)))
        painter.drawRoundedRect(QStyle.visualRect(direction, bar, done), 1.5, 1.5)
        painter.end()

    def sizeHint(self) -> QSize:
        return super().sizeHint().expandedTo(QSize(0, 36 + GAP // 2))

    def _restyle(self) -> None:
        self.setIcon(with_air(self._theme.icon("boxes"), 20, self.devicePixelRatioF()))
