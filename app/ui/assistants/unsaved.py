"""What was changed of an assistant and not saved yet: kept in a file, so that nothing can lose it.

Its words, in the form in which changed prompts are kept; what is chosen from lists is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from app.core.assistants import system_text
from app.core.prompts import Assistant, Prompt, PromptId, PromptMessage
from app.services.ports import Lane, Scheduler
from app.ui.prompts.unsaved import load_unsaved, save_unsaved

SAVE_MS = 1000


class UnsavedAssistant(QObject):
    """Writes a moment after a change; `value` is what there is to keep, None for nothing."""

    def __init__(
        self,
        scheduler: Scheduler,
        file: Path,
        value: Callable[[], Assistant | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._scheduler, self._file, self._value = scheduler, file, value
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_MS)
        self._timer.timeout.connect(self.keep)

    def keep_soon(self) -> None:
        """Something was changed, saved or given up."""
        if not self._timer.isActive():
            self._timer.start()

    def keep(self) -> None:
        """Write it now."""
        self._timer.stop()
        file, value = self._file, self._value()
        kept: dict[str, Prompt] = {value.id: _as_prompt(value)} if value is not None else {}

        def work() -> None:
            try:
                save_unsaved(file, kept)
            except OSError:
                return  # it is still in the editor; saving it says what is wrong

        self._scheduler.run(Lane.DISK, work, lambda _: None, lambda _: None)

    def load(self, done: Callable[[Prompt], None]) -> None:
        """Tell `done` what was left unsaved, if anything was."""
        file = self._file

        def found(prompts: dict[str, Prompt]) -> None:
            for prompt in prompts.values():
                if len(prompt.template.messages) == 2:  # else somebody else wrote it
                    done(prompt)

        self._scheduler.run(Lane.DISK, lambda: load_unsaved(file), found, lambda _: None)

    def close(self) -> None:
        """At quit: nothing that was changed waits."""
        if self._timer.isActive():
            self.keep()


def changed(assistant: Assistant, kept: Prompt) -> Assistant:
    """`assistant` with the words that were kept."""
    messages = kept.template.messages
    return replace(
        assistant,
        name=kept.name,
        description=kept.description,
        template=replace(kept.template, messages=messages[:1] if messages[0].text else ()),
        opening=messages[1].text,
    )


def _as_prompt(assistant: Assistant) -> Prompt:
    texts = (
        PromptMessage("system", system_text(assistant)),
        PromptMessage("assistant", assistant.opening),
    )
    return Prompt(
        PromptId(assistant.id),
        assistant.name,
        assistant.name,
        replace(assistant.template, messages=texts),
        assistant.description,
    )
