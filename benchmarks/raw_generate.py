"""`llama_cpp.Llama.generate` alone: what answers are compared with. A process of its own.

Same model, same parameters for loading and sampling, same prompt token by token as in the worker,
and nothing else: no window, no LangChain, no pipe, no text made of the tokens while the clock runs.
Prints when each token came.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import MeasurementFailed
from benchmarks.screen import ROOT, Screen

START = "from benchmarks.raw_generate import main; main()"


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """Moment of each token in seconds, and the text they make."""

    prompt_tokens: int
    moments: tuple[float, ...]
    text: str

    def tokens_per_s(self, first: int, last: int) -> float:
        """Speed from the moment there were `first` tokens until there were `last`."""
        return (last - first) / (self.moments[last - 1] - self.moments[first - 1])


def generate(screen: Screen, model: Path, question: str, max_tokens: int) -> RawAnswer:
    """Answer `question` in a new process."""
    words = [sys.executable, "-c", START, str(model), question, str(max_tokens)]
    done = subprocess.run(
        words, cwd=ROOT, env=screen.environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MeasurementFailed(f"Llama.generate ended: {done.stderr[-800:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    return RawAnswer(found["prompt_tokens"], tuple(found["moments"]), found["text"])


def main() -> None:
    """Entry of the process: model, question and the most tokens on the command line."""
    model, question, most = sys.argv[1:]
    from llama_cpp import llama_token_is_eog

    llama = _load(Path(model))
    vocabulary = llama._model.vocab  # noqa: SLF001 - no public way to ask for end tokens
    prompt = _prompt(llama, Path(model), question)
    tokens: list[int] = []
    moments: list[float] = []
    for token in _stream(llama, prompt):
        if llama_token_is_eog(vocabulary, token):
            break
        moments.append(time.perf_counter())
        tokens.append(token)
        if len(tokens) == int(most):
            break
    text = llama.detokenize(tokens, prev_tokens=prompt[-1:]).decode("utf-8", "replace")
    print(json.dumps({"prompt_tokens": len(prompt), "moments": moments, "text": text}))


def _load(path: Path) -> Any:
    """The model with exactly what the worker gives to LangChain's wrapper."""
    from llama_cpp import Llama

    from app.core.entities import LoadParams
    from app.models.gguf import read_header
    from app.models.memory import context_for
    from app.worker.llm import parameters_for
    from app.worker.placement import MOST_AT_ONCE

    params = LoadParams()
    context = context_for(params.context_tokens, read_header(path).trained_context)
    given = parameters_for(path, params, context)
    batch = {"n_batch": params.batch_tokens, "n_ubatch": MOST_AT_ONCE}
    names = ("n_ctx", "n_gpu_layers", "n_threads", "rope_freq_base", "rope_freq_scale")
    same = {name: given[name] for name in (*names, "use_mmap", "use_mlock", "last_n_tokens_size")}
    # what the worker's 'auto' comes to on the processor
    return Llama(
        str(path), verbose=False, flash_attn=True, **same, **{**given["model_kwargs"], **batch}
    )


def _prompt(llama: Any, path: Path, question: str) -> list[int]:
    from app.core.entities import ChatMessage, Role
    from app.models.gguf import read_header
    from app.worker.chat_template import ChatTemplate
    from app.worker.llm import prompt_tokens
    from app.worker.prompting import make_messages

    words = llama._model.token_get_text  # noqa: SLF001 - no public way to ask
    bos, eos = words(llama.token_bos()), words(llama.token_eos())
    template = ChatTemplate(read_header(path).chat_template or "", bos, eos, path.name)
    turns = [ChatMessage(Role.USER, question)]
    return prompt_tokens(llama, template.render(make_messages("", turns)))


def _stream(llama: Any, prompt: list[int]) -> Any:
    from app.core.entities import SamplingParams

    usual = SamplingParams()
    return llama.generate(
        prompt,
        top_k=usual.top_k,
        top_p=usual.top_p,
        min_p=usual.min_p,
        typical_p=1.0,
        temp=0.0,
        repeat_penalty=usual.repeat_penalty,
        frequency_penalty=0.0,
        presence_penalty=0.0,
    )
