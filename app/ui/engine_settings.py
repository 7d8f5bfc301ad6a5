"""The dialog "Model and answers": how a model is loaded and how it answers; applies at once."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app.core.entities import LoadParams
from app.core.settings import Settings
from app.services.engine import Engine
from app.services.ports import EngineState
from app.ui.engine_settings_answers import AnswersPage
from app.ui.engine_settings_model import ModelPage
from app.ui.engine_settings_parts import ReloadBar, line, restyle
from app.ui.models_parts import TextButton, label
from app.ui.theme import GAP, Theme


class EngineSettings(QDialog):
    """Not modal: a chat can go on beside it. Says what was chosen; the control applies it."""

    setting_chosen = Signal(str, object)
    own_value_chosen = Signal(str, object)  # of the sampling: the values become the person's own
    reload_requested = Signal()
    delete_kept_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Model and answers"))
        self.setModal(False)
        self._theme = theme
        self.answers = AnswersPage(theme)
        self.model = ModelPage(theme)
        self.reload_bar = ReloadBar(theme)
        self._make_layout()
        self.answers.changed.connect(self.setting_chosen)
        self.answers.own_changed.connect(self.own_value_chosen)
        self.model.changed.connect(self.setting_chosen)
        self.model.delete_kept_requested.connect(self.delete_kept_requested)
        self.reload_bar.requested.connect(self.reload_requested)
        theme.changed.connect(self._restyle)
        self._restyle()
        room = self.screen().availableSize()
        self.resize(min(600, room.width()), min(760, int(room.height() * 0.9)))

    def _make_layout(self) -> None:
        self.tabs = QTabBar()
        self.tabs.setObjectName("modelsTabs")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(self.windowTitle())
        self._stack = QStackedWidget()
        for page in (self.answers, self.model):
            self.tabs.addTab(page.accessibleName())
            self._stack.addWidget(page)
        self.tabs.currentChanged.connect(self._stack.setCurrentIndex)
        top = QWidget()
        top.setObjectName("modelsBar")
        top.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(top)
        row.setContentsMargins(GAP * 2, 0, GAP, 0)
        row.addWidget(self.tabs, 1)
        around = QHBoxLayout()
        around.setContentsMargins(GAP * 2, GAP, GAP * 2, GAP)
        around.addWidget(self.reload_bar)
        self._around = QWidget()
        self._around.setLayout(around)
        close = TextButton(self._theme, self.tr("Close"))
        close.clicked.connect(self.close)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(GAP * 3, GAP, GAP * 3, GAP)
        bottom.addWidget(label(self.tr("Changes apply from the next answer on."), role="muted"), 1)
        bottom.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(top)
        layout.addWidget(self._stack, 1)
        layout.addWidget(line())
        layout.addWidget(self._around)
        layout.addLayout(bottom)

    def show_settings(
        self, settings: Settings, engine: Engine, asked: LoadParams | None = None
    ) -> None:
        """The values in force, with what the engine and its model say of them.

        `asked` is how the settings wanted the model in use to be loaded."""
        model = engine.model
        advice = dict(model.advice) if model is not None else {}
        self.answers.show_settings(settings, advice, has_model=model is not None)
        self.model.show_settings(settings, model, engine.devices, engine.no_gpu)
        is_needed = asked is not None and asked != settings.load_params()
        is_answering = engine.state is EngineState.GENERATING
        self.reload_bar.show_need(is_needed, is_answering=is_answering)
        self._around.setVisible(is_needed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter takes what was typed; it does not close the dialog or press a button."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def _restyle(self) -> None:
        fields = (*self.answers.fields, *self.model.fields)
        restyle(fields, tuple(self.answers.preset.buttons.values()), self._theme)
