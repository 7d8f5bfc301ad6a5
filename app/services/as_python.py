"""A conversation as a short Python script: the same model, template, memory and settings in
LangChain, outside of Inglenook."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.core.entities import ChatMessage, LoadParams, ModelDescription, Role, SamplingParams
from app.core.memory import MemoryKind, MemoryPolicy
from app.core.reasoning import FAMILIES, without_reasoning
from app.models.advice import advised
from app.services.python_source import SCRIPT
from app.services.python_text import calls, literal

ANSWER_ROOM = 256  # tokens kept free for the answer, as in app.worker.prompting
TURN_STEP = 4  # the window of the last exchanges moves by a quarter, as in app.worker.memory
# tokens that the processor reads at once, by the model's parameters, as in app.worker.cache: in
# other pieces scores differ in their last digits
CHUNKS = ((1.5e9, 512), (5e9, 256), (float("inf"), 128))
MOST_AT_ONCE = 512  # of n_ubatch, as in app.worker.placement
GGML_TYPES = {"q8_0": 8, "q4_0": 2}  # ggml.h
_MARKERS = tuple(marker for f in FAMILIES for marker in (f.opens, *f.closes, *f.drops))
_PLACE = re.compile(r"«(\w+)»")
_CLASSES = {Role.USER: "HumanMessage", Role.ASSISTANT: "AIMessage"}
_NOT_IN_WRAPPER = {
    "dry_multiplier": "DRY",
    "xtc_probability": "XTC",
    "logit_bias": "favoured and avoided words",
}


@dataclass(frozen=True, slots=True)
class ScriptModel:
    """The model of a script: where it is, how it is loaded, its chat template.

    An empty `template` is the one in its file. `has_system` is false where the template takes no
    system message; `opening` is what it leaves out before an answer. `threads` 0 lets llama.cpp
    choose."""

    path: Path
    context: int
    parameters: int = 0
    gpu_layers: int = 0
    threads: int = 0
    is_flash: bool = True
    params: LoadParams = field(default_factory=LoadParams)
    template: str = ""
    stop: tuple[str, ...] = ()
    has_system: bool = True
    opening: str = ""
    advice: tuple[tuple[str, float], ...] = ()


def model_of(description: ModelDescription) -> ScriptModel:
    """The loaded model, just as it is loaded."""
    placement = description.placement
    return ScriptModel(
        description.path,
        description.context,
        description.parameters,
        placement.gpu_layers,
        placement.threads,
        placement.is_flash,
        description.params,
        advice=description.advice,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What the model is told: what stays in front for good, what follows, the question."""

    fixed: tuple[ChatMessage, ...]
    history: tuple[ChatMessage, ...]
    question: str
    is_cut: bool = False  # earlier messages are left out
    has_images: bool = False


def told(
    turns: Sequence[ChatMessage], policy: MemoryPolicy, seen: Collection[str] | None = None
) -> Told:
    """`turns` end with a question. `seen` are the keys of those that the model was told; without
    it they follow from the policy, and the script leaves out itself what has no room."""
    places = [n for n, t in enumerate(turns) if seen is None or not t.key or t.key in seen]
    shown = [turns[place] for place in places]
    gaps = [n for n in range(1, len(places)) if places[n] - places[n - 1] > 1]
    start = gaps[-1] if gaps else 0
    fixed, rest = shown[:start], shown[start:]
    if seen is None and policy.kind is MemoryKind.LAST_TURNS:
        first = _first_of_last(rest, policy.turns)
        fixed += [turn for turn in rest[:first] if turn.is_pinned]
        rest = rest[first:]
    while rest and rest[0].role is Role.ASSISTANT:
        fixed.append(rest.pop(0))  # an opening line
    merged = _merged(rest)
    question = merged.pop().content if merged and merged[-1].role is Role.USER else ""
    is_cut = len(fixed) + len(rest) < len(turns)
    has_images = any(turn.images for turn in shown)
    return Told(tuple(_merged(fixed)), tuple(merged), question, is_cut, has_images)


def _first_of_last(turns: Sequence[ChatMessage], most: int) -> int:
    """Where the window of the last `most` exchanges begins, as app.worker.memory has it."""
    starts = [
        i
        for i, turn in enumerate(turns)
        if turn.role is Role.USER and (i == 0 or turns[i - 1].role is Role.ASSISTANT)
    ]
    step = max(most // TURN_STEP, 1)
    first = max(len(starts) - 1 - most, 0) // step * step
    return starts[first] if first else 0


def _merged(turns: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Neighbours of the same role as one, answers without their reasoning."""
    found: list[ChatMessage] = []
    for turn in turns:
        content = turn.content
        if turn.role is Role.ASSISTANT and any(marker in content for marker in _MARKERS):
            content = without_reasoning(content)
        if found and found[-1].role is turn.role:
            last = found.pop()
            content = f"{last.content}\n\n{content}"
        found.append(ChatMessage(turn.role, content))
    return found


def script(
    model: ScriptModel,
    sampling: SamplingParams,
    system: str,
    found: Told,
    policy: MemoryPolicy,
) -> str:
    """The source of a script that gives the answer to the question of `found`. `system` is all
    that is told before the turns."""
    sampling = advised(sampling, model.advice)
    fixed = [("SystemMessage", system)] if system else []
    fixed += [(_CLASSES[turn.role], turn.content) for turn in found.fixed]
    history = [(_CLASSES[turn.role], turn.content) for turn in found.history]
    parts = {
        "llm": _llm(model, sampling),
        "bind": _bind(model, sampling),
        "template": _template(model),
        "merge": "" if model.has_system or not system else _MERGE,
        "opening": _opening(model.opening),
        "fixed": calls(fixed, 0),
        "history": calls(history, 0),
        "question": _question(found.question),
        "notes": _notes(sampling, found),
        "memory": _memory(policy),
        "imports": _imports(model, sampling),
        "ends": _ENDS.replace("«stop»", literal(list(model.stop))) if model.stop else "",
        "room": str(min(ANSWER_ROOM, model.context // 4) // 2),
    }
    # at once: nothing that was filled in is looked at again
    return _PLACE.sub(lambda place: parts[place[1]], SCRIPT)


_ENDS = """# These end an answer too; where they are tokens of their own they never come as text.
END_TEXTS = «stop»
ENDS = [model.tokenize(text.encode(), add_bos=False, special=True) for text in END_TEXTS]
ENDS = {ids[0] for ids in ENDS if len(ids) == 1}


"""
_MERGE = """    if turns[0]["role"] == "system":  # this model's template takes no system message
        first = turns.pop(0)["content"]
        turns[0] = {"role": "user", "content": first + "\\n\\n" + turns[0]["content"]}
"""


def _llm(model: ScriptModel, sampling: SamplingParams) -> str:
    """The arguments of LlamaCpp, one a line."""
    params = model.params
    is_quantised = params.kv_type in GGML_TYPES
    more: dict[str, object] = {
        "n_ubatch": min(MOST_AT_ONCE, _batch(model)),
        "flash_attn": model.is_flash or is_quantised,
    }
    if model.threads:
        more["n_threads_batch"] = model.threads
    if is_quantised:
        more |= {"type_k": GGML_TYPES[params.kv_type], "type_v": GGML_TYPES[params.kv_type]}
    values: dict[str, object] = {
        "model_path": str(model.path),
        "n_ctx": model.context,
        "n_batch": _batch(model),
        "n_gpu_layers": model.gpu_layers,
        "n_threads": model.threads or None,
        "use_mmap": params.use_mmap,
        "use_mlock": params.use_mlock,
        "rope_freq_base": 0.0,
        "rope_freq_scale": 0.0,
        "temperature": float(sampling.temperature),
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "repeat_penalty": sampling.repeat_penalty,
        "last_n_tokens_size": _window(model, sampling),
        "max_tokens": sampling.max_tokens or None,
        "seed": sampling.seed,
        "streaming": False,
        "verbose": False,
        "model_kwargs": more,
    }
    return "".join(f"    {name}={literal(value)},\n" for name, value in values.items())


def _batch(model: ScriptModel) -> int:
    batch = min(model.params.batch_tokens, model.context)
    if model.gpu_layers:
        return batch
    return min(batch, next(size for most, size in CHUNKS if model.parameters < most))


def _window(model: ScriptModel, sampling: SamplingParams) -> int:
    """Tokens that penalties look back."""
    return model.context if sampling.penalty_window < 0 else sampling.penalty_window


def _bind(model: ScriptModel, sampling: SamplingParams) -> str:
    """What the wrapper has no field for goes with each call."""
    values: dict[str, object] = {"stop": [*sampling.stop, *model.stop], "min_p": sampling.min_p}
    others = {
        "typical_p": (sampling.typical_p, 1.0),
        "frequency_penalty": (sampling.frequency_penalty, 0.0),
        "presence_penalty": (sampling.presence_penalty, 0.0),
        "mirostat_mode": (sampling.mirostat, 0),
    }
    values |= {name: value for name, (value, usual) in others.items() if value != usual}
    if sampling.mirostat:
        values |= {"mirostat_tau": sampling.mirostat_tau, "mirostat_eta": sampling.mirostat_eta}
    found = [f"{name}={literal(value)}" for name, value in values.items()]
    if sampling.json_schema:
        found.append(f"grammar={_grammar('from_json_schema', sampling.json_schema)}")
    elif sampling.grammar.strip():
        found.append(f"grammar={_grammar('from_string', sampling.grammar)}")
    if model.stop:
        found.append("stopping_criteria=StoppingCriteriaList([lambda ids, _: ids[-1] in ENDS])")
    return ", ".join(found)


def _grammar(how: str, text: str) -> str:
    return f"LlamaGrammar.{how}({literal(text, 4)}, verbose=False)"


def _imports(model: ScriptModel, sampling: SamplingParams) -> str:
    names = ["LlamaGrammar"] if sampling.json_schema or sampling.grammar.strip() else []
    names += ["StoppingCriteriaList"] if model.stop else []
    return f"from llama_cpp import {', '.join(names)}\n" if names else ""


def _template(model: ScriptModel) -> str:
    if not model.template:
        return 'model.metadata["tokenizer.chat_template"]'
    return literal(model.template, 4)


def _memory(policy: MemoryPolicy) -> str:
    """The lines of the script that leave earlier turns out."""
    if policy.kind is MemoryKind.LAST_TURNS:
        most = policy.turns + max(policy.turns // TURN_STEP, 1) - 1
        return (
            f"    # the last {policy.turns} exchanges; the window moves on in steps, so that what"
            " was read is kept\n"
            "    messages = trim_messages(\n"
            f'        messages, max_tokens=2 * {most} + 1, token_counter=len, start_on="human"\n'
            "    )\n"
        )
    if policy.kind is MemoryKind.TOKENS:
        return (
            f"    # the newest exchanges that are {policy.tokens} tokens together\n"
            "    earlier = trim_messages(\n"
            f"        messages[:-1], max_tokens={policy.tokens}, token_counter=size,"
            ' start_on="human"\n'
            "    )\n"
            "    messages = [*earlier, messages[-1]]\n"
        )
    return ""


def _notes(sampling: SamplingParams, found: Told) -> str:
    """Comments on what is not in the script."""
    notes = []
    if found.is_cut:
        notes.append("Earlier messages are left out: the model was not told them any more. What it")
        notes.append("had read of the rest may be from before, and an answer differ by a word.")
    if found.has_images:
        notes.append("The images of the conversation are left out.")
    usual = SamplingParams()
    missing = [
        words
        for name, words in _NOT_IN_WRAPPER.items()
        if getattr(sampling, name) != getattr(usual, name)
    ]
    if missing:
        notes.append(f"LangChain's wrapper has no field for: {', '.join(missing)}.")
    penalties = (sampling.repeat_penalty, sampling.frequency_penalty, sampling.presence_penalty)
    if penalties != (1.0, 0.0, 0.0):
        notes.append("In Inglenook penalties also see the end of the prompt, here only the answer.")
    return "".join(f"# {note}\n" for note in notes)


def _opening(text: str) -> str:
    """The line of the script that adds what the template leaves out before an answer."""
    return f"    text += {literal(text)}  # this template forgets it\n" if text else ""


def _question(text: str) -> str:
    source = literal(text, 4)
    return f"QUESTION = ({source}\n)" if source.startswith("\n") else f"QUESTION = {source}"
