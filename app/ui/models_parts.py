"""Small parts of the Models page: labels, icon buttons, a question, a calm note for nothing."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.direction import directed, is_mirrored
from app.ui.sizes import size_icon, text_scale
from app.ui.theme import GAP, READING, SMALL, Theme, text_font
from app.ui.tips import tip

BESIDE_BOX = 19  # pixels from the edge of a box that is ticked to its words
BREAK = "\u200b"  # where a word may go on in the next line


def label(
    text: str = "",
    *,
    role: str = "",
    size: float = 1.0,
    weight: QFont.Weight = QFont.Weight.Normal,
    wraps: bool = True,
) -> QLabel:
    """A label of plain text: names and summaries come from strangers."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wraps)
    made.setFont(text_font(size, weight))
    if wraps:
        made.setMinimumWidth(1)  # a long word is cut rather than widening the page
    if role:
        made.setProperty("role", role)
    return made


def set_role(widget: QWidget, role: str) -> None:
    """Another colour; costs nothing where it is the same."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def breakable(text: str) -> str:
    """Names and paths have no spaces: they may also go on in the next line after a separator."""
    for separator in "/\\-_.":
        text = text.replace(separator, separator + BREAK)
    return text


def chain_tabs(*widgets: QWidget) -> None:
    """Tab goes from each to the next, whichever was made first."""
    for before, after in pairwise(widgets):
        QWidget.setTabOrder(before, after)


class IconButton(QToolButton):
    """An icon with its name in the tooltip and for screen readers; keeps up with the theme."""

    def __init__(self, theme: Theme, icon: str, name: str, *, is_quiet: bool = True) -> None:
        super().__init__()
        self._theme, self._icon, self._is_quiet = theme, icon, is_quiet
        size_icon(self, 18)
        self.rename(icon, name)
        theme.changed.connect(self._restyle)

    def rename(self, icon: str, name: str) -> None:
        """Become another button."""
        self._icon = icon
        self.setToolTip(tip(name))
        self.setAccessibleName(name)
        self._restyle()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self._restyle()

    def _restyle(self) -> None:
        colours = self._theme.colours
        colour = colours.muted if self._is_quiet else colours.text
        self.setIcon(self._theme.icon(directed(self._icon), colour))


class TextButton(QPushButton):
    """A button with words, and an icon before them that keeps up with the theme."""

    def __init__(
        self, theme: Theme, text: str, icon: str = "", *, is_primary: bool = False
    ) -> None:
        super().__init__(text)
        self._theme, self._icon = theme, icon
        self.setProperty("primary", is_primary)
        size_icon(self, 22, 16)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._restyle)
        self._restyle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button, as Space does: there is no dialog whose default it would be."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self._restyle()

    def _restyle(self) -> None:
        if self._icon:
            colours = self._theme.colours
            is_primary = bool(self.property("primary"))
            colour = colours.on_accent if is_primary else colours.text
            icon = self._theme.icon(directed(self._icon), colour)
            self.setIcon(with_air(icon, 16, self.devicePixelRatioF()))


def with_air(icon: QIcon, size: int, ratio: float) -> QIcon:
    """The icon with six empty pixels after it: styles put the words of a button too near.

    Both as large as the text is.
    """
    size, air = round(size * text_scale()), round(6 * text_scale())
    left = air if is_mirrored() else 0
    made = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled):
        picture = QPixmap(QSize(size + air, size) * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        icon.paint(painter, QRect(left, 0, size, size), Qt.AlignmentFlag.AlignCenter, mode)
        painter.end()
        made.addPixmap(picture, mode)
    return made


class Confirm(QFrame):
    """A question in place, before something is gone for good."""

    confirmed = Signal()
    declined = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("confirm")
        self._words = label()
        self.yes = TextButton(theme, "")
        self.yes.setProperty("danger", True)
        self.no = TextButton(theme, self.tr("Keep it"))
        self.yes.clicked.connect(self._confirm)
        self.no.clicked.connect(self.decline)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.yes)
        buttons.addWidget(self.no)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(GAP)
        layout.addWidget(self._words)
        layout.addLayout(buttons)
        self.hide()

    @property
    def question(self) -> str:
        """What is being asked."""
        return self._words.text()

    def ask(self, question: str, yes: str) -> None:
        """Show the question; the safe answer has the keyboard."""
        self._words.setText(question)
        self.setAccessibleName(question)
        self.yes.setText(yes)
        self.show()
        self.no.setFocus(Qt.FocusReason.OtherFocusReason)

    def decline(self) -> None:
        """Take the question away; nothing happens."""
        if not self.isHidden():
            self.hide()
            self.declined.emit()

    def _confirm(self) -> None:
        self.hide()
        self.confirmed.emit()


class Placeholder(QScrollArea):
    """A calm note in the middle where there is nothing to show, perhaps with the next step.

    In large type it may need more room than there is.
    """

    pressed = Signal()

    def __init__(self, theme: Theme, icon: str, text: str = "", button: str = "") -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._theme, self._icon = theme, icon
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text = label(text, role="muted", size=READING)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = TextButton(theme, button)
        self.button.clicked.connect(self.pressed)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._text, 360)
        row.addStretch(1)
        self._text.setMaximumWidth(360)
        ground = QWidget()
        layout = QVBoxLayout(ground)
        layout.setContentsMargins(GAP * 2, GAP * 2, GAP * 2, GAP * 2)
        layout.setSpacing(GAP + 4)
        layout.addStretch(2)
        layout.addWidget(self._picture)
        layout.addLayout(row)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        self.button.setVisible(bool(button))  # not before: it would be a window for a moment
        layout.addStretch(3)
        self.setWidget(ground)
        theme.changed.connect(self._restyle)
        self._restyle()

    @property
    def text(self) -> str:
        """The words."""
        return self._text.text()

    def say(self, text: str) -> None:
        """Other words."""
        self._text.setText(text)

    def _restyle(self) -> None:
        icon = self._theme.icon(self._icon, self._theme.colours.muted)
        self._picture.setPixmap(icon.pixmap(40, 40))


def tag(text: str) -> QLabel:
    """A word in a small frame."""
    made = label(text, role="tag", size=SMALL, wraps=False)
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made
