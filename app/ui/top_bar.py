"""The bar above the conversation: the sidebar's button, the model chooser, the menu."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from app.core.entities import LocalModel
from app.ui.assistants.badge import AssistantBadge
from app.ui.direction import directed
from app.ui.sizes import size_icon
from app.ui.theme import GAP, Theme
from app.ui.tips import tip
from app.ui.window_menu import WindowMenu
from app.ui.words import short_model_name, size_text, summary_of


class TopBar(QWidget):
    """Three buttons; the model's name is on the one that chooses it."""

    model_chosen = Signal(object)  # Path
    file_wanted = Signal()  # a model from elsewhere

    def __init__(self, theme: Theme, window: QWidget) -> None:
        super().__init__()
        self._theme = theme
        self._name = ""
        self._models: tuple[Sequence[LocalModel], Path | None] = ((), None)
        self.setObjectName("topBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.sidebar_button = _button()
        self.model_button = _button()
        self.model_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.model_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.model_menu = QMenu(window)
        self.model_button.setMenu(self.model_menu)
        self.badge = AssistantBadge(theme)
        self.menu_button = _button()
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = WindowMenu(window)
        self.menu_button.setMenu(self.menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, 6, GAP, 6)
        row.addWidget(self.sidebar_button)
        row.addWidget(self.model_button)
        row.addStretch(1)
        row.addWidget(self.badge)  # as wide as its name; the rest is for both sides
        row.addStretch(1)
        row.addWidget(self.menu_button)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._turn()
        self._say()

    def show_name(self, name: str) -> None:
        """The model's name; empty where there is none."""
        self._name = name
        self.model_button.setText(short_model_name(name) or self.tr("Choose a model"))
        words = self.tr("Model: {name}").replace("{name}", self.model_button.text())
        self.model_button.setAccessibleName(words)

    def show_models(self, models: Sequence[LocalModel], current: Path | None) -> None:
        """Fill the model chooser; broken files are listed with what is wrong, not selectable."""
        self._models = models, current
        self.model_menu.clear()
        for model in models:
            facts = " · ".join(p for p in (model.quantization, size_text(model.size_bytes)) if p)
            action = self.model_menu.addAction(f"{short_model_name(model.path.name)}   {facts}")
            action.setCheckable(True)
            action.setChecked(model.path == current)
            action.setEnabled(model.is_read and model.problem is None)
            path = model.path
            action.triggered.connect(lambda _checked=False, p=path: self.model_chosen.emit(p))
            if model.problem is not None:
                action.setToolTip(tip(summary_of(model.problem)))
        self.model_menu.setToolTipsVisible(True)
        if models:
            self.model_menu.addSeparator()
        self.model_menu.addAction(self.tr("Open a model file…")).triggered.connect(self.file_wanted)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
        elif event.type() == QEvent.Type.LayoutDirectionChange:
            self._turn()
            self._restyle()

    def _say(self) -> None:
        for button, name in (
            (self.sidebar_button, self.tr("Show or hide the conversations (Ctrl+B)")),
            (self.model_button, self.tr("Model")),
            (self.menu_button, self.tr("Menu")),
        ):
            button.setToolTip(name)
            button.setAccessibleName(name)
        self.show_name(self._name)
        self.show_models(*self._models)

    def _turn(self) -> None:
        """The arrow stands after the name, hence the button reads against the rest."""
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        self.model_button.setLayoutDirection(
            Qt.LayoutDirection.LeftToRight if is_mirrored else Qt.LayoutDirection.RightToLeft
        )

    def _restyle(self) -> None:
        self.sidebar_button.setIcon(self._theme.icon(directed("panel-left")))
        self.model_button.setIcon(self._theme.icon("chevron-down", self._theme.colours.muted))
        self.menu_button.setIcon(self._theme.icon("settings"))


def _button() -> QToolButton:
    button = QToolButton()
    size_icon(button, 20)
    return button
