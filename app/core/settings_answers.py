"""Settings of the answers: how words are chosen, and what every answer keeps to."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings_declaration import settings_of

_setting = settings_of("answers")


@dataclass(frozen=True)
class AnswerSettings:
    """The person's choices about answers."""

    system_prompt: str = _setting(
        "", "System prompt", "What every new conversation tells the model first."
    )

    preset: str = _setting(
        "model",
        "Answers",
        "How words are chosen. Your own values begin with those in force.",
        choices=(
            ("model", "As the model recommends"),
            ("precise", "Precise"),
            ("balanced", "Balanced"),
            ("creative", "Creative"),
            ("own", "My own values"),
        ),
    )
    temperature: float = _setting(
        0.7, "Temperature", "Higher is more varied, 0 is always the same.", minimum=0.0, maximum=2.0
    )
    top_k: int = _setting(
        40, "Top-k", "Only so many of the likeliest words; 0 is all.", minimum=0, maximum=10_000
    )
    top_p: float = _setting(
        0.95,
        "Top-p",
        "Only the likeliest words that together have this probability; 1 is all.",
        minimum=0.0,
        maximum=1.0,
    )
    min_p: float = _setting(
        0.05,
        "Min-p",
        "No word less likely than this part of the likeliest; 0 is off.",
        minimum=0.0,
        maximum=1.0,
    )
    typical_p: float = _setting(
        1.0, "Typical-p", "Words of usual surprise only; 1 is off.", minimum=0.0, maximum=1.0
    )
    repeat_penalty: float = _setting(
        1.0,
        "Repeat penalty",
        "Above 1, words of a moment ago become less likely.",
        minimum=0.5,
        maximum=3.0,
    )
    frequency_penalty: float = _setting(
        0.0, "Frequency penalty", "More, the more often a word came.", minimum=-2.0, maximum=2.0
    )
    presence_penalty: float = _setting(
        0.0, "Presence penalty", "The same for each word that came.", minimum=-2.0, maximum=2.0
    )
    penalty_window: int = _setting(
        64,
        "Penalties look back",
        "So many tokens; -1 is the whole context.",
        minimum=-1,
        maximum=1_048_576,
    )
    dry_multiplier: float = _setting(
        0.0,
        "DRY",
        "How strongly whole phrases are kept from coming again; 0 is off, 0.8 is usual.",
        minimum=0.0,
        maximum=5.0,
    )
    dry_base: float = _setting(
        1.75, "DRY base", "How fast it grows with the phrase.", minimum=1.0, maximum=4.0
    )
    dry_allowed_length: int = _setting(
        2, "DRY allowed length", "Tokens that may come again.", minimum=1, maximum=100
    )
    xtc_probability: float = _setting(
        0.0,
        "XTC",
        "How often the likeliest words are left out, for more surprising text; 0 is off.",
        minimum=0.0,
        maximum=1.0,
    )
    xtc_threshold: float = _setting(
        0.1,
        "XTC threshold",
        "Words less likely than this are never left out.",
        minimum=0.0,
        maximum=0.5,
    )
    mirostat: int = _setting(
        0,
        "Mirostat",
        "Keeps the surprise even, in place of top-k, top-p and min-p: 0 off, or version 1 or 2.",
        minimum=0,
        maximum=2,
    )
    mirostat_tau: float = _setting(
        5.0, "Mirostat tau", "The surprise it aims at.", minimum=0.0, maximum=20.0
    )
    mirostat_eta: float = _setting(
        0.1, "Mirostat eta", "How fast it gets there.", minimum=0.0, maximum=1.0
    )
    seed: int = _setting(
        -1,
        "Seed",
        "The same number gives the same answer to the same question; -1 is always another.",
        minimum=-1,
        maximum=2_147_483_647,
    )
    max_tokens: int = _setting(
        0,
        "Longest answer",
        "Tokens of one answer at most; 0 uses the rest of the context.",
        minimum=0,
        maximum=1_048_576,
    )
    stop_texts: str = _setting(
        "", "Stop at", "An answer ends before any of these texts, one a line."
    )
    logit_bias: str = _setting(
        "",
        "Favour or avoid words",
        "One a line: a word, = and a number from -100 (never) to 100.",
    )
    grammar: str = _setting(
        "", "Grammar", "GBNF that every answer follows; its first rule is called root."
    )
    json_schema: str = _setting(
        "", "JSON schema", "Every answer is JSON of this form; goes before a grammar."
    )
