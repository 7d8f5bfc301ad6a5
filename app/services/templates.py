"""Chat templates of model files: what is unusual about one, and which is used in its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from app.core.entities import Finding
from app.core.errors import Problem, ProblemRaised, SettingsNotSaved, TemplateBroken
from app.core.memory import Piece
from app.core.paths import Paths
from app.core.template_errors import TemplateError, reason_of
from app.core.templates import Examination, KnownTemplate, Vocabulary
from app.models.template_choices import choice_for, identity, write_choice
from app.models.vocabulary import read_template
from app.services.engine import Engine
from app.services.ports import Lane, Scheduler
from app.templates.doctor import examine
from app.templates.known import KNOWN, fallback_for, source_of, suited
from app.templates.process import TemplateProcess

T = TypeVar("T")
Turns = Sequence[tuple[str, str]]  # role and text


@dataclass(frozen=True, slots=True)
class _File:
    """What a model's file says of its chat template."""

    source: str | None
    vocabulary: Vocabulary
    chosen: str


class Templates:
    """The template doctor for the window; all methods on the main thread. Files are read on the
    disk lane, templates rendered on theirs."""

    def __init__(self, paths: Paths, scheduler: Scheduler, engine: Engine) -> None:
        self._choices = paths.template_choices
        self._scheduler = scheduler
        self._engine = engine
        self._process = TemplateProcess()

    def known(self) -> tuple[KnownTemplate, ...]:
        """The known good ones, in the order in which they are shown."""
        return KNOWN

    def examine(
        self,
        path: Path,
        done: Callable[[Examination], None],
        failed: Callable[[Problem], None],
    ) -> None:
        """Look at a model file, loaded or not."""

        def look(file: _File) -> Examination:
            return Examination(
                findings=examine(self._process, file.source, file.vocabulary),
                suggestions=suited(file.vocabulary),
                chosen=file.chosen,
                has_own=file.source is not None,
            )

        self._with_file(path, look, done, failed)

    def preview(
        self,
        path: Path,
        name: str,
        turns: Turns,
        done: Callable[[tuple[Piece, ...]], None],
        failed: Callable[[Problem], None],
    ) -> None:
        """How a conversation looks with the known good template `name`, or with what the model
        has of its own; special tokens are pieces of their own."""

        def render(file: _File) -> tuple[Piece, ...]:
            vocabulary = file.vocabulary
            source = source_of(name) if name else file.source
            if source is None:
                source = source_of(fallback_for(vocabulary)[0])
            try:
                text = self._process.call(
                    "chat", source, list(turns), vocabulary.bos, vocabulary.eos, True
                )
            except (TemplateError, ProblemRaised) as error:
                raise TemplateBroken(reason_of(error.problem), name=path.name) from None
            return pieces_of(str(text), vocabulary.specials)

        self._with_file(path, render, done, failed)

    def choose(
        self, path: Path, name: str, done: Callable[[], None], failed: Callable[[Problem], None]
    ) -> None:
        """Use the known good template `name` for this model from now on, also under another file
        name; empty: its own. A loaded model changes at once."""

        def write() -> None:
            try:
                write_choice(self._choices, identity(path), name)
            except OSError as error:
                raise SettingsNotSaved(str(error), path=self._choices) from None

        def tell(_: None) -> None:
            model = self._engine.model
            if model is not None and model.path == path:
                self._engine.use_template(name)
            done()

        self._scheduler.run(Lane.DISK, write, tell, failed)

    def close(self) -> None:
        """End the process."""
        self._process.close()

    def _with_file(
        self,
        path: Path,
        work: Callable[[_File], T],
        done: Callable[[T], None],
        failed: Callable[[Problem], None],
    ) -> None:
        def read() -> _File:
            return _File(*read_template(path), choice_for(self._choices, path))

        def go_on(file: _File) -> None:
            self._scheduler.run(Lane.TEMPLATES, lambda: work(file), done, failed)

        self._scheduler.run(Lane.DISK, read, go_on, failed)


def unhandled(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those that Inglenook cannot make up for."""
    return tuple(finding for finding in findings if not finding.is_handled)


def pieces_of(text: str, specials: frozenset[str]) -> tuple[Piece, ...]:
    """`text` taken apart at special tokens; of two at the same place the longer one counts."""
    there = sorted((s for s in specials if s.strip() and s in text), key=len, reverse=True)
    found: list[Piece] = []
    begin = position = 0
    while position < len(text):
        token = next((s for s in there if text.startswith(s, position)), "")
        if not token:
            position += 1
            continue
        if begin < position:
            found.append(Piece(text[begin:position]))
        position += len(token)
        begin = position
        found.append(Piece(token, is_special=True))
    if begin < len(text):
        found.append(Piece(text[begin:]))
    return tuple(found)
