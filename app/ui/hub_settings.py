"""The settings' page "Models and network": hub, proxy, token, downloads, folders."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal

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
from app.ui.setting_fields import CheckField, Field, TextField
from app.ui.setting_numbers import NumberField
from app.ui.settings_part import Page
from app.ui.theme import Theme


class HubSettings(Page):
    """Says what was chosen, and what of it is unsafe."""

    changed = Signal(str, object)  # a setting and its new value

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "network", self.tr("Models and network"))
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
        self.add(
            self.tr("Network"),
            (self.offline, self.endpoint, self.token_for_mirror, self.proxy, self.token),
        )
        self.add(self.tr("Downloads"), (self.at_once, self.speed))
        self.add(self.tr("Folders"), (self.folders,))
        for field in self.fields:
            field.changed.connect(self.changed)

    def show_settings(self, settings: Settings, root: Path) -> None:
        """The values in force; `root` is the models folder."""
        for field in self.fields:
            field.show_value(getattr(settings, field.name))  # type: ignore[attr-defined]
        is_open = is_overheard(settings)
        self.token_for_mirror.set_due(is_mirror(settings) and not is_open)
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

    def take_typed(self) -> None:
        """What was typed counts also where the person goes back to the main window."""
        for field in (self.endpoint, self.proxy):
            if field.editor.hasFocus() or field.editor is self.focusWidget():
                field.editor.editingFinished.emit()
