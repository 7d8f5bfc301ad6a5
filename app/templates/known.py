"""Known good chat templates, for models whose own is missing or does not work.

Each is a Jinja file in resources/templates, written for Inglenook after the format that the family
was trained with.
"""

from __future__ import annotations

from functools import cache

from app.core.paths import resources
from app.core.templates import KnownTemplate, Vocabulary

FALLBACK = "chatml"
# in the order in which they are shown; of two that suit a vocabulary the one that needs more of
# its tokens suits it better
KNOWN: tuple[KnownTemplate, ...] = (
    KnownTemplate(
        "chatml",
        "ChatML",
        "Qwen, SmolLM, Yi, Hermes, LFM2, InternLM, OLMo",
        ("<|im_start|>", "<|im_end|>"),
        ("<|im_end|>", "<|im_start|>"),
    ),
    KnownTemplate(
        "llama3",
        "Llama 3",
        "Llama 3, 3.1, 3.2, 3.3",
        ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    ),
    KnownTemplate(
        "llama4", "Llama 4", "Llama 4", ("<|header_start|>", "<|header_end|>", "<|eot|>")
    ),
    KnownTemplate("llama2", "Llama 2", "Llama 2, Code Llama", ("<s>", "</s>")),
    KnownTemplate("mistral-v1", "Mistral v1", "Mistral 7B v0.1 and v0.2, Mixtral", ("<s>", "</s>")),
    KnownTemplate(
        "mistral-v3",
        "Mistral v3",
        "Mistral 7B v0.3, Codestral, Mixtral 8x22B",
        ("[INST]", "[/INST]", "[TOOL_CALLS]"),
    ),
    KnownTemplate(
        "mistral-v3-tekken",
        "Mistral v3 Tekken",
        "Mistral Nemo, Ministral 8B, Pixtral",
        ("[INST]", "[/INST]", "[TOOL_CALLS]", "[IMG]"),
    ),
    KnownTemplate(
        "mistral-v7",
        "Mistral v7",
        "Mistral Small 3, Mistral Large 2411, Magistral, Devstral",
        ("[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CALLS]"),
    ),
    KnownTemplate("gemma", "Gemma", "Gemma 1, 2, 3", ("<start_of_turn>", "<end_of_turn>")),
    KnownTemplate("gemma4", "Gemma 4", "Gemma 4", ("<|turn>", "<turn|>")),
    KnownTemplate(
        "phi3",
        "Phi 3",
        "Phi 3, Phi 3.5, Phi 4 mini",
        ("<|user|>", "<|assistant|>", "<|end|>"),
    ),
    KnownTemplate("phi4", "Phi 4", "Phi 4", ("<|im_start|>", "<|im_sep|>", "<|im_end|>")),
    KnownTemplate(
        "deepseek3",
        "DeepSeek 3",
        "DeepSeek V3, R1 and distilled models",
        ("<｜User｜>", "<｜Assistant｜>", "<｜end▁of▁sentence｜>"),
    ),
    KnownTemplate("deepseek2", "DeepSeek 2", "DeepSeek LLM, V2, V2.5", ("<｜end▁of▁sentence｜>",)),
    KnownTemplate(
        "deepseek-coder",
        "DeepSeek Coder",
        "DeepSeek Coder",
        ("<|EOT|>", "<｜end▁of▁sentence｜>"),
    ),
    KnownTemplate(
        "command-r",
        "Command R",
        "Command R, Command R+, Aya",
        ("<|START_OF_TURN_TOKEN|>", "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
    ),
    KnownTemplate(
        "granite",
        "Granite",
        "Granite 3, 4",
        ("<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>"),
    ),
    KnownTemplate("harmony", "Harmony", "gpt-oss", ("<|start|>", "<|message|>", "<|channel|>")),
    KnownTemplate("glm4", "GLM 4", "GLM 4", ("[gMASK]", "<sop>", "<|user|>", "<|assistant|>")),
    KnownTemplate(
        "kimi", "Kimi K2", "Kimi K2", ("<|im_user|>", "<|im_assistant|>", "<|im_middle|>")
    ),
    KnownTemplate(
        "exaone", "EXAONE", "EXAONE 3, 4", ("[|user|]", "[|assistant|]", "[|endofturn|]")
    ),
    KnownTemplate("seed", "Seed", "Seed-OSS", ("<seed:bos>", "<seed:eos>")),
    KnownTemplate("falcon3", "Falcon 3", "Falcon 3", ("<|user|>", "<|assistant|>", "<|system|>")),
    KnownTemplate("openchat", "OpenChat", "OpenChat 3.5, Starling", ("<|end_of_turn|>",)),
    KnownTemplate("zephyr", "Zephyr", "Zephyr, TinyLlama, StableLM Zephyr", ("</s>",)),
    KnownTemplate("vicuna", "Vicuna", "Vicuna, WizardLM, Orca", ("</s>",)),
    KnownTemplate("alpaca", "Alpaca", "Alpaca, Nous-Hermes 1, SOLAR", ("</s>",)),
)
_BY_NAME = {template.name: template for template in KNOWN}
# tokens that any model of Llama 2's vocabulary has: they tell nothing of how it was trained
_COMMON = frozenset(("<s>", "</s>"))


def known(name: str) -> KnownTemplate | None:
    """The one of that name."""
    return _BY_NAME.get(name)


@cache
def source_of(name: str) -> str:
    """Its Jinja text; `name` is one of `KNOWN`."""
    path = resources() / "templates" / f"{_BY_NAME[name].name}.jinja"
    return path.read_text(encoding="utf-8")


def suited(vocabulary: Vocabulary) -> tuple[str, ...]:
    """Names of those whose tokens the vocabulary has, the best first."""
    there = vocabulary.specials
    found = [template for template in KNOWN if there.issuperset(template.needs)]
    found.sort(key=lambda template: -len(set(template.needs) - _COMMON))
    return tuple(template.name for template in found)


def fallback_for(vocabulary: Vocabulary) -> tuple[str, bool]:
    """What stands in for a template that is missing, and whether the vocabulary says that it is
    right: it has tokens made for it."""
    best = next(iter(suited(vocabulary)), "")
    is_sure = bool(best) and not _COMMON.issuperset(_BY_NAME[best].needs)
    return (best, True) if is_sure else (FALLBACK, False)
