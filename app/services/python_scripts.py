"""Makes the script of a conversation: gathers what the model is told, and what model it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from app.core.batch_errors import NoQuestionYet, ScriptModelMissing
from app.core.entities import (
    PROCESSOR,
    Conversation,
    FindingKind,
    Message,
    ModelDescription,
    Role,
    SamplingParams,
)
from app.core.errors import Problem, ProblemRaised
from app.core.history import system_text
from app.core.messages import Weighed
from app.core.paths import Paths
from app.core.settings import Settings
from app.core.template_errors import TemplateError
from app.core.templates import Vocabulary
from app.models.advice import advice_of
from app.models.gguf import read_header
from app.models.memory import context_for
from app.models.template_choices import choice_for
from app.models.vocabulary import read_template
from app.services.as_python import ScriptModel, Told, model_of, script, told
from app.services.conversations import Conversations
from app.services.engine import Engine
from app.services.library import Library
from app.services.ports import Lane, Scheduler
from app.services.requests import Asked, asked
from app.templates.doctor import examine, stop_texts
from app.templates.known import fallback_for, known, source_of
from app.templates.process import TemplateProcess

# as app.templates.chat has it, which is for the template process only
OPENED = "Your first message in this conversation was:\n\n"
Failed = Callable[[Problem], None]
Turns = Sequence[tuple[str, str]]


class PythonScripts:
    """Main thread; what reads database or disk, or renders, happens on their lanes."""

    def __init__(
        self,
        paths: Paths,
        conversations: Conversations,
        engine: Engine,
        library: Library,
        scheduler: Scheduler,
        settings: Callable[[], Settings],
    ) -> None:
        self._choices = paths.template_choices
        self._conversations, self._engine = conversations, engine
        self._library, self._scheduler = library, scheduler
        self._settings = settings
        self._process: TemplateProcess | None = None

    def make(
        self,
        conversation: Conversation,
        branch: Sequence[Message],
        done: Callable[[str], None],
        failed: Failed,
    ) -> None:
        """Tell `done` the script that answers the last question of `branch`."""
        settings = self._settings()
        last = max((n for n, m in enumerate(branch, 1) if m.role is Role.USER), default=0)
        if not last:
            failed(NoQuestionYet().problem)
            return
        answer = branch[last].model if len(branch) > last else ""
        wanted = answer or conversation.model
        question = list(branch[:last])

        def told_to(found: Asked) -> None:
            sampling = found.sampling or settings.sampling_params()
            loaded = self._engine.model
            if loaded is not None and wanted in ("", loaded.path.name):
                self._of_loaded(found, sampling, loaded, done, failed)
            else:
                self._of_file(found, sampling, wanted, settings, done, failed)

        if not self._conversations.run(
            lambda storage: asked(storage, conversation, question, settings), told_to, failed
        ):
            failed(NoQuestionYet().problem)

    def close(self) -> None:
        """At quit."""
        if self._process is not None:
            self._process.close()

    def _of_loaded(
        self,
        found: Asked,
        sampling: SamplingParams,
        loaded: ModelDescription,
        done: Callable[[str], None],
        failed: Failed,
    ) -> None:
        """The loaded model also says which messages it was told."""

        def weighed(weights: Weighed) -> None:
            seen = {part.key for part in weights.parts if part.is_seen and part.key}
            known = seen if weights.context > 0 else None
            source = (model_of(loaded), loaded.template_name, found, sampling, known)
            self._scheduler.run(Lane.TEMPLATES, lambda: self._script(*source), done, failed)

        self._engine.weigh(found.system, found.turns, found.memory, None, weighed)

    def _of_file(
        self,
        found: Asked,
        sampling: SamplingParams,
        wanted: str,
        settings: Settings,
        done: Callable[[str], None],
        failed: Failed,
    ) -> None:
        """A model that is not loaded: as the settings would have it loaded."""

        def find() -> tuple[ScriptModel, str]:
            models = [model for model in self._library.models() if model.problem is None]
            path = next((model.path for model in models if model.path.name == wanted), None)
            if path is None:
                raise ScriptModelMissing(name=wanted or "—")
            return model_of_file(path, settings), choice_for(self._choices, path)

        def go_on(model: tuple[ScriptModel, str]) -> None:
            source = (*model, found, sampling, None)
            self._scheduler.run(Lane.TEMPLATES, lambda: self._script(*source), done, failed)

        self._scheduler.run(Lane.DISK, find, go_on, failed)

    # on the lane for templates

    def _script(
        self,
        model: ScriptModel,
        template_name: str,
        found: Asked,
        sampling: SamplingParams,
        seen: Collection[str] | None,
    ) -> str:
        process = self._process = self._process or TemplateProcess()
        policy = found.memory.policy
        parts = told(found.turns, policy, seen)
        form = Form(process, *read_template(model.path), template_name)
        system, parts, has_system = form.fitted(system_text(found.system, found.memory), parts)
        model = replace(
            model,
            template=form.inlined,
            stop=form.stop,
            opening=form.opening,
            has_system=has_system,
        )
        return script(model, sampling, system, parts, policy)


class Form:
    """The chat template of a script: its own, one that was chosen, or what stands in for it; and
    in which form the conversation is put into it. Raises ModelError."""

    def __init__(
        self, process: TemplateProcess, own: str | None, vocabulary: Vocabulary, name: str
    ) -> None:
        self._process, self._vocabulary = process, vocabulary
        chosen = known(name)
        if chosen is None and own is None:
            chosen = known(fallback_for(vocabulary)[0])
        self.inlined = source_of(chosen.name) if chosen is not None else ""
        self._source = self.inlined or own or ""
        findings = examine(process, self._source, vocabulary)
        stops = chosen.stops if chosen is not None else ()
        self.stop = (*stops, *stop_texts(findings))
        missing = (f.details for f in findings if f.kind is FindingKind.NO_GENERATION_PROMPT)
        self.opening = next(missing, "")

    def fitted(self, system: str, parts: Told) -> tuple[str, Told, bool]:
        """What the template takes: the system message with an opening line where that is refused
        as a message, and whether there may be a system message.

        Of two forms that come to the same text the template refuses the first."""
        turns = [(str(t.role), t.content) for t in (*parts.fixed, *parts.history)]
        turns.append(("user", parts.question))
        before = [("system", system)] if system else []
        plain = self._text([*before, *turns])
        if turns[0][0] == "assistant":
            opened = f"{system}\n\n{OPENED}{turns[0][1]}" if system else OPENED + turns[0][1]
            if plain and plain == self._text([("system", opened), *turns[1:]]):
                system, turns = opened, turns[1:]
                parts = replace(parts, fixed=parts.fixed[1:])
        if not system or turns[0][0] != "user":
            return system, parts, True
        merged = [("user", f"{system}\n\n{turns[0][1]}"), *turns[1:]]
        return system, parts, not plain or plain != self._text(merged)

    def _text(self, turns: Turns) -> str:
        """Empty where the template fails, as it will in the script."""
        words = self._vocabulary
        try:
            return str(self._process.call("chat", self._source, list(turns), words.bos, words.eos))
        except (TemplateError, ProblemRaised):
            return ""


def model_of_file(path: Path, settings: Settings) -> ScriptModel:
    """A model as it would be loaded, where nothing was measured. Raises ModelError."""
    header, params = read_header(path), settings.load_params()
    is_on_card = params.device != PROCESSOR
    return ScriptModel(
        path,
        context_for(params.context_tokens, header.trained_context),
        header.parameters,
        params.gpu_layers if is_on_card else 0,
        params.threads,
        params.flash_attention != "off",
        params,
        advice=advice_of(header.metadata),
    )
