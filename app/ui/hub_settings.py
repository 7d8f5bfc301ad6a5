"""The dialog "Models and network": hub, proxy, token, downloads, folders; all applies at once."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.settings import Settings
from app.services.addresses import (
    PROXY_EXAMPLE,
    clean_endpoint,
    clean_proxy,
    host_of,
    is_mirror,
    is_overheard,
)
from app.ui.hub_folders import FoldersPart
from app.ui.hub_token import TokenPart
from app.ui.models_parts import TextButton, label
from app.ui.setting_fields import CheckField, Field, NumberField, TextField
from app.ui.theme import GAP, HEADING, Theme


class HubSettings(QDialog):
    """Not modal: a search or a chat can go on beside it. Each field says what was chosen."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Models and network"))
        self.setModal(False)
        self.offline = CheckField("is_offline")
        self.endpoint = TextField("hub_endpoint", clean_endpoint, "https://huggingface.co")
        self.token_for_mirror = CheckField("is_token_for_mirror")
        self.proxy = TextField("proxy", clean_proxy, PROXY_EXAMPLE)
        self.at_once = NumberField("downloads_at_once")
        self.speed = NumberField(
            "speed_limit_kib", self.tr(" KiB/s"), self.tr("No limit"), step=256
        )
        self.token = TokenPart(theme)
        self.folders = FoldersPart(theme)
        self.fields: tuple[Field, ...] = (
            self.offline,
            self.endpoint,
            self.token_for_mirror,
            self.proxy,
            self.at_once,
            self.speed,
        )
        self._make_layout(theme)
        self._theme = theme
        theme.changed.connect(self._restyle)
        self._restyle()
        room = self.screen().availableSize()
        self.resize(min(600, room.width()), min(760, int(room.height() * 0.9)))

    def _make_layout(self, theme: Theme) -> None:
        page = QWidget()
        items = QVBoxLayout(page)
        items.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 3)
        items.setSpacing(GAP * 2)
        for heading, parts in (
            (
                self.tr("Network"),
                (self.offline, self.endpoint, self.token_for_mirror, self.proxy, self.token),
            ),
            (self.tr("Downloads"), (self.at_once, self.speed)),
            (self.tr("Folders"), (self.folders,)),
        ):
            if items.count():
                items.addWidget(_line())
            items.addWidget(label(heading, size=HEADING * 1.1, weight=QFont.Weight.DemiBold))
            for part in parts:
                items.addWidget(part)
        items.addStretch(1)
        self.area = QScrollArea()
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidgetResizable(True)
        self.area.setWidget(page)
        close = TextButton(theme, self.tr("Close"))
        close.clicked.connect(self.close)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(GAP * 3, GAP, GAP * 3, GAP)
        hint = label(self.tr("Changes apply at once."), role="muted")
        bottom.addWidget(hint, 1)
        bottom.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.area, 1)
        layout.addWidget(_line())
        layout.addLayout(bottom)

    def show_settings(self, settings: Settings, root: Path) -> None:
        """The values in force; `root` is the models folder."""
        for field in self.fields:
            field.show_value(getattr(settings, field.name))  # type: ignore[attr-defined]
        is_open = is_overheard(settings)
        self.token_for_mirror.setVisible(is_mirror(settings) and not is_open)
        if not self.endpoint.is_wrong:
            words = self.tr(
                "Others on the way to {host} can read along: the address is not https. "
                "The access token is not sent to it."
            )
            self.endpoint.say(words.replace("{host}", host_of(settings)) if is_open else "")
        self.folders.show_folders(
            root,
            is_usual=not settings.models_folder,
            more=settings.added_folders(),
        )

    def _restyle(self) -> None:
        """Boxes to tick and numbers take their frame from the ground: too faint in the dark."""
        for field in (self.offline, self.token_for_mirror, self.at_once, self.speed):
            palette = QPalette(QApplication.palette())
            if self._theme.colours.is_dark:
                palette.setColor(QPalette.ColorRole.Window, QColor(self._theme.colours.muted))
            field.editor.setPalette(palette)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter takes what was typed; it does not close the dialog or press a button."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """What was typed counts also where the person goes back to the main window."""
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            focused = self.focusWidget()
            for field in (self.endpoint, self.proxy):
                if field.editor is focused:
                    field.editor.editingFinished.emit()
        super().changeEvent(event)


def _line() -> QFrame:
    line = QFrame()
    line.setObjectName("splitLine")
    line.setFixedHeight(1)
    return line
