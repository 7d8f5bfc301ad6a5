"""The models on this computer: what each is, and what can be done with its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.core.entities import LocalModel
from app.core.models_entities import ModelUsage
from app.ui.flow import FlowLayout
from app.ui.models_list import Row, RowList
from app.ui.models_local import LocalDetail
from app.ui.models_parts import Placeholder, TextButton, chain_tabs, label
from app.ui.models_split import ListAndDetail
from app.ui.models_usage import places_text, used_text
from app.ui.models_words import context_text, dotted
from app.ui.theme import GAP, SMALL, Theme
from app.ui.words import number_text, short_model_name, size_text, summary_of


class LibraryTab(QWidget):
    """A list beside the details of the file chosen in it."""

    chat_requested = Signal(object)  # Path
    verify_requested = Signal(object)  # Path
    delete_requested = Signal(object)  # Path
    show_folder_requested = Signal(object)  # Path
    template_requested = Signal(object)  # Path
    conversation_requested = Signal(str)  # id
    import_requested = Signal(object)  # list[Path]
    add_folder_requested = Signal(object)  # Path
    find_requested = Signal()  # a model is wanted: to the catalogue

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._models: dict[str, LocalModel] = {}
        self._current: Path | None = None
        self._usage: Mapping[str, ModelUsage] | None = None
        self.list = RowList(theme, self.tr("Models on this computer"))
        self.detail = LocalDetail(theme)
        self.total = label(role="muted", size=SMALL)
        self.import_button = TextButton(theme, self.tr("Import files…"), "file-plus")
        self.import_button.clicked.connect(self._ask_for_files)
        self.folder_button = TextButton(theme, self.tr("Add a folder…"), "folder-open")
        self.folder_button.clicked.connect(self._ask_for_folder)
        self.nothing = Placeholder(
            theme,
            "hard-drive",
            self.tr("No model is here yet. Find one, or drop a .gguf file onto this page."),
            self.tr("Find a model"),
        )
        self.nothing.pressed.connect(self.find_requested)
        flow = FlowLayout()
        flow.addWidget(self.import_button)
        flow.addWidget(self.folder_button)
        head = QVBoxLayout()
        head.setContentsMargins(GAP * 2, GAP + 4, GAP * 2, GAP)
        head.setSpacing(GAP)
        head.addLayout(flow)
        head.addWidget(self.total)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, GAP)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        column.addWidget(self.nothing, 1)
        self.split = ListAndDetail(side, self.list, self.detail)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.split)
        chain_tabs(self.import_button, self.folder_button, self.list, self.detail.back)
        self._connect()
        self.show_library((), None)

    def _connect(self) -> None:
        self.list.chosen.connect(self._choose)
        self.list.opened.connect(self._open)
        self.list.entered.connect(self._enter)
        detail = self.detail
        for signal, out in (
            (detail.chat_requested, self.chat_requested),
            (detail.verify_requested, self.verify_requested),
            (detail.delete_requested, self.delete_requested),
            (detail.show_folder_requested, self.show_folder_requested),
            (detail.template_requested, self.template_requested),
            (detail.conversation_requested, self.conversation_requested),
        ):
            signal.connect(out)

    def show_library(self, models: Sequence[LocalModel], current: Path | None) -> None:
        """Show `models`; `current` is the one that answers."""
        self._models = {str(model.path): model for model in models}
        self._current = current
        self.list.show_rows([self._row(model) for model in models])
        self.list.setVisible(bool(models))
        self.nothing.setVisible(not models)
        size = size_text(sum(model.size_bytes for model in models))
        words = self.tr("Models: {count}, {size} together")
        self.total.setText(
            words.replace("{count}", number_text(len(models))).replace("{size}", size)
        )
        self.total.setVisible(bool(models))
        shown = self._models.get(self.detail.key)
        if shown is not None:
            self._show_detail(shown)
        elif self.detail.key:
            self.detail.show_nothing()
            self.split.close_detail()

    def show_usage(self, usage: Mapping[str, ModelUsage]) -> None:
        """Where each model answered, by the name of its file; files of one name are one model."""
        self._usage = usage
        self.list.show_rows([self._row(model) for model in self._models.values()])
        shown = self._models.get(self.detail.key)
        if shown is not None:
            self._show_detail(shown)

    def _usage_of(self, model: LocalModel) -> ModelUsage | None:
        return None if self._usage is None else self._usage.get(model.path.name, ModelUsage())

    def _show_detail(self, model: LocalModel) -> None:
        self.detail.show_model(
            model, is_current=model.path == self._current, usage=self._usage_of(model)
        )

    def go_back(self) -> bool:
        """Out of a question, or from the details to the list; false where one is there already."""
        return self.detail.decline() or self.split.go_back()

    def _row(self, model: LocalModel) -> Row:
        is_current = model.path == self._current
        badge, role = (self.tr("In use"), "good") if is_current else ("", "muted")
        usage = self._usage_of(model)
        used = dotted(used_text(usage), places_text(usage)) if usage is not None else ""
        note, note_role = dotted(used, str(model.path.parent)), "muted"
        if model.problem is not None:
            badge, role = self.tr("Broken"), "bad"
            note, note_role = summary_of(model.problem), "bad"
        elif not model.is_read:
            badge, role = self.tr("Being read…"), "muted"
        return Row(
            key=str(model.path),
            title=model.name or short_model_name(model.path.name),
            facts=dotted(
                model.quantization,
                size_text(model.size_bytes),
                context_text(model.trained_context),
            ),
            note=note,
            note_role=note_role,
            badge=badge,
            badge_role=role,
            tooltip=str(model.path),
        )

    def _show(self, key: str) -> None:
        model = self._models.get(key)
        if model is not None and key != self.detail.key:
            self._show_detail(model)

    def _choose(self, key: str) -> None:
        if not self.split.is_narrow:
            self._show(key)

    def _open(self, key: str) -> None:
        self._show(key)
        self.split.open_detail()

    def _enter(self, key: str) -> None:
        self._open(key)
        self.detail.focus_first()

    def _ask_for_files(self) -> None:
        dialog = QFileDialog(self, self.tr("Import models"), "", self.tr("Models (*.gguf)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(
            lambda names: self.import_requested.emit([Path(name) for name in names])
        )
        dialog.open()

    def _ask_for_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Add a folder with models"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self.add_folder_requested.emit(Path(name)))
        dialog.open()
