"""The chat template of the loaded model: its own, one that was chosen, or what stands in for it."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from pathlib import Path

from app.core.entities import Finding
from app.core.errors import AppError, InternalError
from app.core.templates import Vocabulary
from app.models.gguf import GgufHeader
from app.models.template_choices import choice_for
from app.models.vocabulary import read_vocabulary
from app.templates.doctor import examine, stop_texts
from app.templates.known import fallback_for, known, source_of
from app.templates.process import TemplateProcess
from app.worker.chat_template import ChatTemplate


@dataclass(frozen=True, slots=True)
class InUse:
    """A template with what was found out about it; `name` is that of a chosen known good one."""

    template: ChatTemplate
    findings: tuple[Finding, ...]
    stop_texts: tuple[str, ...]
    name: str


class ModelTemplate:
    """Finds out on a thread, while the model loads, what is rendered with and what to make up for;
    so the template process has started, too, before the first question."""

    def __init__(self, path: Path, header: GgufHeader, choices: Path | None) -> None:
        self._path, self._own, self._choices = path, header.chat_template, choices
        self._process = TemplateProcess(idle_s=None)
        self._vocabulary = Vocabulary(is_known=False)
        self._chosen = ""
        self._examined: dict[str, tuple[Finding, ...]] = {}
        self._thread = threading.Thread(target=self._prepare, name="template", daemon=True)
        self._thread.start()

    def in_use(self, bos: str, eos: str) -> InUse:
        """What answers are asked with; `bos` and `eos` as llama.cpp has them. Waits for what is
        still being found out."""
        self._thread.join()
        name, source = self._chosen, self._own
        stops: tuple[str, ...] = ()
        if name:
            source = source_of(name)
        elif source is None:
            stand_in, _ = fallback_for(self._vocabulary)
            source = source_of(stand_in)
            stops = self._stops_of(stand_in)
        findings = self._findings(name)
        if chosen := known(name):
            stops = chosen.stops
        template = ChatTemplate(source, bos, eos, self._path.name, self._process)
        return InUse(template, findings, (*stops, *stop_texts(findings)), name)

    def use(self, name: str) -> None:
        """From now on the known good template `name`, or the model's own. Raises InternalError
        for a name that there is not."""
        if name and known(name) is None:
            raise InternalError(f"no template {name}")
        self._thread.join()
        self._chosen = name

    def close(self) -> None:
        """End the process."""
        self._process.close()

    def _prepare(self) -> None:
        with contextlib.suppress(AppError):  # a file that llama.cpp will refuse as well
            self._vocabulary = read_vocabulary(self._path)
        chosen = choice_for(self._choices, self._path)
        self._chosen = chosen if known(chosen) is not None else ""
        self._findings(self._chosen)

    def _findings(self, name: str) -> tuple[Finding, ...]:
        if name not in self._examined:
            source = source_of(name) if name else self._own
            self._examined[name] = examine(self._process, source, self._vocabulary)
        return self._examined[name]

    def _stops_of(self, stand_in: str) -> tuple[str, ...]:
        found = known(stand_in)
        stops = found.stops if found is not None else ()
        return (*stops, *stop_texts(self._findings(stand_in)))
