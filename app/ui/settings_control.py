"""Joins the dialog of settings to the settings; what it shows of engine and hub others fill in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.core.settings import Settings
from app.services.preferences import Preferences
from app.ui.theme import Theme

if TYPE_CHECKING:
    from app.ui.settings_dialog import SettingsDialog

Change = Callable[[str, object], None]


class SettingsControl(QObject):
    """Makes the dialog when it is first asked for, and again in another language."""

    made = Signal(object)  # SettingsDialog, not on show yet
    opened = Signal()

    def __init__(
        self, window: QWidget, theme: Theme, preferences: Preferences, change: Change
    ) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._preferences = preferences
        self._change = change
        self.dialog: SettingsDialog | None = None

    @staticmethod
    def of(
        window: QWidget, theme: Theme, preferences: Preferences, change: Change
    ) -> SettingsControl:
        """The one of this window: its dialog is shared by all who have settings to show."""
        found = window.findChild(SettingsControl)
        return found or SettingsControl(window, theme, preferences, change)

    def open(self, section: str = "", setting: str = "") -> None:
        """Show it, or bring it to the front, at a section or at one setting."""
        dialog = self._dialog()
        if section:
            dialog.show_section(section)
        if setting:
            dialog.show_setting(setting)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        self.opened.emit()

    def refresh(self) -> None:
        """The settings may be others now."""
        if self.dialog is not None:
            self.dialog.show_settings(self._preferences.settings)

    def _dialog(self) -> SettingsDialog:
        if self.dialog is None:
            from app.ui.settings_dialog import SettingsDialog

            self.dialog = SettingsDialog(self._theme, self._window)
            self.dialog.changed.connect(self._apply)
            self.dialog.reset_requested.connect(self._reset)
            self.dialog.language_changed.connect(lambda: QTimer.singleShot(0, self, self._remake))
            self.made.emit(self.dialog)
        self.refresh()
        return self.dialog

    def _apply(self, name: str, value: object) -> None:
        self._change(name, value)
        self.refresh()

    def _reset(self, names: tuple[str, ...]) -> None:
        defaults = Settings()
        for name in names:
            default = getattr(defaults, name)
            if getattr(self._preferences.settings, name) != default:
                self._change(name, default)
        self.refresh()

    def _remake(self) -> None:
        """Words are taken when a part is made. Models that are moving keep their dialog."""
        old = self.dialog
        if old is None or old.network.folders.is_moving:
            return
        self.dialog = None
        place, section, is_visible = old.geometry(), old.section, old.isVisible()
        old.hide()
        old.deleteLater()
        if is_visible:
            self.open(section)
            self._dialog().setGeometry(place)
