"""Settings of the model: how it is loaded, where it runs, how long it stays."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings_declaration import settings_of

_setting = settings_of("model")


@dataclass(frozen=True)
class ModelSettings:
    """The person's choices about the model."""

    context_tokens: int = _setting(
        0,
        "Context length",
        "Tokens the model can see at once; by itself what it was trained for, at most 8192.",
        minimum=0,
        maximum=1_048_576,
    )
    device: str = _setting(
        "",
        "Compute on",
        "Where the model runs; by itself on the best graphics card, if there is one.",
    )
    gpu_layers: int = _setting(
        -1,
        "Layers on the graphics card",
        "As many as fit, or so many; the rest is computed by the processor.",
        minimum=-1,
        maximum=999,
    )
    kv_type: str = _setting(
        "f16",
        "Memory of the context",
        "Smaller takes less memory and can make answers a little worse.",
        choices=(
            ("f16", "Full (f16)"),
            ("q8_0", "Half (q8_0)"),
            ("q4_0", "A quarter (q4_0)"),
        ),
    )
    flash_attention: str = _setting(
        "auto",
        "Flash attention",
        "Faster, and less memory in long conversations; llama.cpp knows where it works.",
        choices=(("auto", "Where it works"), ("on", "Always"), ("off", "Never")),
    )
    threads: int = _setting(
        0, "Threads", "Processor cores the model may use.", minimum=0, maximum=512
    )
    is_gentle_on_battery: bool = _setting(
        False, "Half the threads on battery", "Slower, but the battery lasts longer."
    )
    batch_tokens: int = _setting(
        512,
        "Batch",
        "Tokens of a prompt that are read at once; more takes memory.",
        minimum=32,
        maximum=4096,
    )
    is_experts_on_cpu: bool = _setting(
        False,
        "Experts stay in memory",
        "For mixtures of experts too large for the graphics card: all else still goes there.",
    )
    is_mmap: bool = _setting(
        True,
        "Map the model's file",
        "Loads faster, and the system may drop what is not needed just now.",
    )
    is_mlock: bool = _setting(
        False,
        "Lock the model in memory",
        "The system never moves it to the disk; other programs get less.",
    )
    is_speculating: bool = _setting(
        True,
        "Guess ahead",
        "Tries words that followed before; used only while it measures faster.",
    )
    unload_after_min: int = _setting(
        60,
        "Unload an idle model after",
        "Minutes without a question until its memory is given back; the next question loads it.",
        minimum=0,
        maximum=10_080,
    )
    kept_states_mib: int = _setting(
        4096,
        "Conversations kept ready on the disk",
        "They go on at once after a restart, without being read again.",
        minimum=0,
        maximum=1_048_576,
    )
