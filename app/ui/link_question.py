"""Where a link leads, shown beside it before anything opens."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.ui.markdown_parser import is_link
from app.ui.theme import GAP, Theme

MAX_WIDTH = 460  # pixels
MAX_SHOWN = 600  # characters of an address


class LinkQuestion(QFrame):
    """The address of a link with its host in bold, and what to do with it; Escape closes it."""

    def __init__(self, url: QUrl, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("linkQuestion")
        self.setAccessibleName(self.tr("Open this address?"))
        colours = theme.colours
        self.setStyleSheet(
            f"#linkQuestion {{ background: {colours.surface}; border: 1px solid {colours.border};"
            " border-radius: 8px; }"
        )
        self._url = url
        self.address = QLabel(_in_bold(url))
        self.address.setTextFormat(Qt.TextFormat.RichText)  # made here, all of it escaped
        self.address.setWordWrap(True)
        self.address.setMaximumWidth(MAX_WIDTH)
        wide = self.fontMetrics().horizontalAdvance(address_in_ascii(url.toString())) + GAP * 2
        self.address.setMinimumWidth(min(wide, MAX_WIDTH))
        self.address.setAccessibleName(address_in_ascii(url.toString()))
        self.warning = QLabel(self._warning())
        self.warning.setProperty("role", "warn")
        self.warning.setWordWrap(True)
        self.warning.setMaximumWidth(MAX_WIDTH)
        self.warning.setVisible(bool(self.warning.text()))
        is_mail = url.scheme() == "mailto"
        self.open_button = QPushButton(self.tr("Write a mail") if is_mail else self.tr("Open"))
        self.open_button.setProperty("primary", True)
        self.open_button.clicked.connect(self._open)
        self.copy_button = QPushButton(self.tr("Copy address"))
        self.copy_button.clicked.connect(self._copy)
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.cancel_button.clicked.connect(self.close)
        for button in (self.open_button, self.copy_button, self.cancel_button):
            button.setAutoDefault(True)  # Enter presses the one with the focus
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.cancel_button)
        row.addWidget(self.copy_button)
        row.addWidget(self.open_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP * 2, GAP + 4, GAP * 2, GAP + 4)
        layout.setSpacing(GAP)
        layout.addWidget(self.address)
        layout.addWidget(self.warning)
        layout.addLayout(row)

    def _warning(self) -> str:
        """What could be taken for another address than it is."""
        if self._url.scheme() != "mailto" and self._url.userInfo():
            words = self.tr("This leads to {host}: what stands before the @ is not the site.")
            return words.replace("{host}", _host(self._url))
        if _host(self._url) != self._url.host():
            words = self.tr("The site's name has letters of other scripts: {name}")
            return words.replace("{name}", self._url.host())
        return ""

    def _open(self) -> None:
        self.close()
        if is_link(self._url.toString()):
            QDesktopServices.openUrl(self._url)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(address_in_ascii(self._url.toString()))
        self.close()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.open_button.setFocus(Qt.FocusReason.PopupFocusReason)


def ask_about_link(parent: QWidget, url: QUrl, place: QPoint, theme: Theme) -> LinkQuestion | None:
    """Ask beside `place` (on the screen); an address that is not of the web or mail is ignored."""
    if not is_link(url.toString()):
        return None
    question = LinkQuestion(url, theme, parent)
    question.adjustSize()
    screen = QGuiApplication.screenAt(place) or QGuiApplication.primaryScreen()
    room, size = screen.availableGeometry(), question.sizeHint()
    left = min(max(place.x() - GAP, room.left()), max(room.left(), room.right() - size.width()))
    below = place.y() + GAP
    fits = below + size.height() <= room.bottom()
    question.move(left, below if fits else max(room.top(), place.y() - GAP * 2 - size.height()))
    question.show()
    return question


def address_in_ascii(address: str) -> str:
    """An address as the network has it: letters of other scripts in Punycode and percent signs."""
    return bytes(QUrl(address).toEncoded().data()).decode("ascii", "replace")


def _host(url: QUrl) -> str:
    return url.host(QUrl.ComponentFormattingOption.FullyEncoded)


def _in_bold(url: QUrl) -> str:
    """The address with its host in bold, broken anywhere."""
    text, host = address_in_ascii(url.toString()), _host(url)
    start = text.find("//") + 2 if host else 0
    after_user = text.find("@", start) + 1 if host and url.userInfo() else start
    place = text.lower().find(host.lower(), after_user) if host else -1
    if len(text) > MAX_SHOWN:
        text = text[:MAX_SHOWN] + "…"
    if place < 0:
        return _breakable(text)
    end = place + len(host)
    return f"{_breakable(text[:place])}<b>{_breakable(host)}</b>{_breakable(text[end:])}"


def _breakable(text: str) -> str:
    """As HTML that may be broken after any few characters, for addresses have no blanks."""
    pieces = (text[start : start + 8] for start in range(0, len(text), 8))
    return "&#8203;".join(_escaped(piece) for piece in pieces)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
