"""A batch without a window: which prompt is meant, and the run in a loop of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from app.core.entities import ChatMessage, LoadParams, SamplingParams
from app.core.errors import Problem, ProblemRaised
from app.core.paths import Paths
from app.core.prompts import PromptTemplate
from app.exchange.prompt_files import read_prompts
from app.services.batch import Batch, BatchListener, BatchProgress, BatchState
from app.services.batch_rows import BatchOrder, as_template
from app.services.engine import Engine
from app.services.loop import LoopScheduler
from app.services.ports import EngineListener
from app.services.prompt_library import find_prompt
from app.services.prompt_rendering import shared_renderer
from app.storage.storage import open_storage

FILE_ENDINGS = (".yaml", ".yml")
PATIENCE_S = 8.0  # for what is on its way to the disk, after Ctrl+C
OVER = (BatchState.DONE, BatchState.FAILED, BatchState.PAUSED)


def template_for(paths: Paths, prompt: str, language: str) -> PromptTemplate:
    """The prompt that a person means: a file's path, a text with braces, or a name in the library.

    Raises PromptError or StorageError."""
    if prompt.lower().endswith(FILE_ENDINGS):
        return read_prompts(Path(prompt))[0].template
    if "{" in prompt:
        return as_template(prompt)
    if not paths.database.exists():
        return find_prompt(None, prompt, language).template
    with contextlib.closing(open_storage(paths.database)) as storage:
        return find_prompt(storage, prompt, language).template


class _News(BatchListener, EngineListener):
    """Hears of the run, and of a model that cannot be loaded."""

    def __init__(self, on_progress: Callable[[BatchProgress], None]) -> None:
        self._on_progress = on_progress
        self.progress = BatchProgress()
        self.problem: Problem | None = None

    def batch_changed(self, progress: BatchProgress) -> None:
        self.progress = progress
        self.problem = self.problem or progress.problem
        self._on_progress(progress)

    def model_failed(self, path: Path, problem: Problem) -> None:
        self.problem = self.problem or problem

    @property
    def is_over(self) -> bool:
        return self.progress.state in OVER or self.problem is not None


def run_batch(
    paths: Paths,
    order: BatchOrder,
    on_progress: Callable[[BatchProgress], None],
    *,
    restarts: bool = False,
    language: str = "en",
) -> BatchProgress:
    """Run and wait. Raises ProblemRaised; Ctrl+C ends it as PAUSED, with what is written saved."""
    scheduler = LoopScheduler()
    engine = Engine(paths, scheduler)
    news = _News(on_progress)
    engine.add_listener(news)

    def ask(system: str, history: list[ChatMessage], sampling: SamplingParams) -> int:
        if engine.model_path is None:  # not before the table was found to be in order
            engine.load(order.model, LoadParams())
        return engine.generate(system, history, sampling)

    batch = Batch(order, engine, ask, scheduler, news, language=language)
    try:
        batch.start(restarts=restarts)
        try:
            scheduler.run_until(lambda: news.is_over, timeout_s=float("inf"))
        except KeyboardInterrupt:
            batch.pause()
        batch.close()
        scheduler.drain(PATIENCE_S)
    finally:
        engine.shut_down(2.0)
        shared_renderer().close()
    if news.problem is not None:
        raise ProblemRaised(news.problem)
    return news.progress
