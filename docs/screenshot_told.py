"""Pictures of what a person decides the model is told: prompts, assistants, memory, tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication, QWidget
from screenshot_camera import SMALL, WIDE, Camera

from app.core.prompts import Prompt
from app.ui.batch.batch_dialog import BatchDialog
from app.ui.templates.dialog import TemplateDialog

ALL = ("light", "dark")
TABLE = "customer,review\nAda,The lamp is bright and was here in a day.\nBob,It broke at once.\n"


class ToldPictures:
    """Takes them one after the other; each closes what it has opened."""

    def __init__(self, camera: Camera, scratch: Path) -> None:
        self._camera = camera
        self._scratch = scratch
        self._controller = camera.controller
        self._window = camera.window
        self._is_english = camera.language == "en"
        self._themes = ALL if self._is_english else ("light",)

    def take(self) -> None:
        """All of them."""
        self._controller.open(self._camera.written.main)
        self._camera.until(lambda: len(self._window.transcript.views()) >= 2)
        self._camera.until(lambda: self._controller.memory.ledger.view.is_known)
        self._take_parts()
        self._take_memory()
        self._take_facts()
        self._take_prompt_view()
        self._take_template()
        self._take_prompts()
        self._take_table()
        self._take_assistants()

    def _run(self, command: str) -> None:
        self._controller.commands.commands.run(command)

    def _opened_by(self, open_it: Callable[[], object]) -> QWidget:
        """The window that is there afterwards and was not before."""

        def shown() -> set[QWidget]:
            return {w for w in QApplication.topLevelWidgets() if w.isVisible() and w.width() > 200}

        before = shown()
        open_it()
        self._camera.until(lambda: shown() - before)
        return next(iter(shown() - before))

    def _take(self, name: str, dialog: QWidget) -> None:
        """In each theme, as small as the smallest window, and closed."""
        camera = self._camera
        for theme in self._themes:
            camera.wear(theme)
            camera.take(name, dialog)
        camera.wear("light")
        camera.resize((min(SMALL[0], dialog.width()), max(SMALL[1], 0)), dialog)
        camera.take(name, dialog, size="640")
        dialog.close()
        camera.settle()

    def _take_parts(self) -> None:
        self._run("parts")
        self._camera.take_looks("40-context-parts", self._themes, is_small=True)
        if self._is_english:
            self._camera.wear("contrast")
            self._camera.take("40-context-parts")
            self._camera.wear("light")
        self._run("parts")
        self._camera.resize(WIDE)

    def _take_memory(self) -> None:
        self._take("41-memory", self._opened_by(lambda: self._run("memory")))

    def _take_facts(self) -> None:
        self._controller.preferences.change(is_remembering=True)
        for text in self._camera.samples.facts:
            self._controller.services.facts.add(text)
        self._camera.until(lambda: len(self._controller.services.facts.all) >= 2)
        self._take("42-remembered", self._opened_by(lambda: self._run("facts")))
        self._controller.preferences.change(is_remembering=False)

    def _take_prompt_view(self) -> None:
        dialog = self._opened_by(lambda: self._run("prompt_view"))
        self._take("43-what-the-model-gets", dialog)

    def _take_template(self) -> None:
        dialog = self._opened_by(lambda: self._run("template"))
        assert isinstance(dialog, TemplateDialog)
        self._camera.until(dialog.choice.count)
        self._camera.until(dialog.preview.toPlainText)
        self._take("44-chat-template", dialog)

    def _take_prompts(self) -> None:
        prompts = self._controller.prompts
        self._camera.until(lambda: self._controller.services.prompts.all)
        for number, name in ((45, "email"), (46, "plan")):
            found = self._built_in(name)
            form = self._opened_by(lambda i=found.id: prompts.begin(i))  # type: ignore[misc]
            self._take(f"{number}-prompt-{name}", form)
        dialog = self._opened_by(lambda: prompts.library.open(self._built_in("translate").id))
        assert prompts.library.dialog is not None
        self._take("47-prompts", dialog)

    def _built_in(self, name: str) -> Prompt:
        return next(p for p in self._controller.services.prompts.all if p.id == f"built-in:{name}")

    def _take_table(self) -> None:
        table = self._scratch / "reviews.csv"
        table.write_text(TABLE)
        dialog = self._opened_by(lambda: self._run("batch"))
        assert isinstance(dialog, BatchDialog)
        dialog.set_up.text.setPlainText("Is this review good or bad? {review}")
        dialog.table_chosen.emit(table)
        self._camera.until(lambda: dialog.set_up.sources.rows)
        self._take("48-table", dialog)

    def _take_assistants(self) -> None:
        self._take("49-assistants", self._opened_by(lambda: self._run("assistants")))
        self._controller.chat.new_conversation()
        form = self._opened_by(lambda: self._controller.assistants.begin("built-in:tutor"))
        self._take("50-assistant-form", form)
        self._controller.assistants.begin("built-in:helper")
        self._camera.until(lambda: self._controller.chat.beginning.assistant_id)
        self._camera.take_looks("51-assistant-begun", self._themes, is_small=True)
        self._controller.chat.new_conversation()
