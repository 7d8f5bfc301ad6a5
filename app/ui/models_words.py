"""Figures and states of models in the person's language: fit, sizes, speeds, times, licences."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from app.core.models_entities import CatalogueEntry, DownloadState, Fit, FitVerdict
from app.ui.counts import Counts
from app.ui.words import number_text, size_text

KINDS = ("chat", "code", "reasoning", "multilingual", "vision", "embedding")


def fit_words(fit: Fit) -> str:
    """Whether a model fits this computer, in two to four words."""
    return {
        FitVerdict.GPU: QCoreApplication.translate("Models", "Fits on the GPU"),
        FitVerdict.PARTLY: QCoreApplication.translate("Models", "Partly on the GPU"),
        FitVerdict.MEMORY: QCoreApplication.translate("Models", "In memory, slow"),
        FitVerdict.TOO_BIG: QCoreApplication.translate("Models", "Too big"),
    }[fit.verdict]


def fit_numbers(fit: Fit) -> str:
    """The numbers behind a verdict, one fact a line."""
    needs = QCoreApplication.translate(
        "Models",
        "Needs about {need}: {weights} for the weights, {cache} for a context of {context} tokens, "
        "{buffers} to calculate in.",
    )
    memory = QCoreApplication.translate("Models", "Free in memory: {size}.")
    device = QCoreApplication.translate("Models", "Free on the GPU: {size}.")
    layers = QCoreApplication.translate("Models", "Layers that fit on the GPU: {layers}.")
    largest = QCoreApplication.translate("Models", "Largest context that fits: {context} tokens.")
    lines = [
        needs.replace("{need}", size_text(fit.needed_bytes))
        .replace("{weights}", size_text(fit.weights_bytes))
        .replace("{cache}", size_text(fit.kv_cache_bytes))
        .replace("{context}", number_text(fit.context))
        .replace("{buffers}", size_text(fit.buffers_bytes)),
        memory.replace("{size}", size_text(fit.free_ram_bytes)),
    ]
    if fit.free_device_bytes:
        lines.append(device.replace("{size}", size_text(fit.free_device_bytes)))
    if fit.verdict is FitVerdict.PARTLY:
        lines.append(layers.replace("{layers}", number_text(fit.gpu_layers)))
    if fit.largest_context:
        lines.append(largest.replace("{context}", number_text(fit.largest_context)))
    if not fit.is_exact:
        lines.append(QCoreApplication.translate("Models", "Estimated from the size of the file."))
    return "\n".join(lines)


def kind_words(kind: str) -> str:
    """What a model is good for; an unknown kind stays as it is."""
    return {
        "chat": QCoreApplication.translate("Models", "Chat"),
        "code": QCoreApplication.translate("Models", "Code"),
        "reasoning": QCoreApplication.translate("Models", "Reasoning"),
        "multilingual": QCoreApplication.translate("Models", "Multilingual"),
        "vision": QCoreApplication.translate("Models", "Vision"),
        "embedding": QCoreApplication.translate("Models", "Embedding"),
    }.get(kind, kind)


def summary_text(entry: CatalogueEntry) -> str:
    """What a recommended model is like, in the window's language as far as the catalogue has it."""
    is_chinese = QLocale().language() == QLocale.Language.Chinese
    return (entry.summary_zh_CN if is_chinese else "") or entry.summary


def state_words(state: DownloadState) -> str:
    """What a download is doing."""
    return {
        DownloadState.QUEUED: QCoreApplication.translate("Models", "Waits for its turn"),
        DownloadState.RUNNING: QCoreApplication.translate("Models", "Downloading"),
        DownloadState.WAITING: QCoreApplication.translate(
            "Models", "Interrupted, tries again soon"
        ),
        DownloadState.PAUSED: QCoreApplication.translate("Models", "Paused"),
        DownloadState.DONE: QCoreApplication.translate("Models", "Done"),
        DownloadState.FAILED: QCoreApplication.translate("Models", "Failed"),
    }[state]


def parameters_text(parameters: int) -> str:
    """How large a model is, as people say it: '7.6B', '135M'; empty where it is not known."""
    if parameters <= 0:
        return ""
    if parameters >= 999_500_000:
        return f"{_short(parameters / 1e9)}B"
    return f"{_short(parameters / 1e6)}M"


def count_text(count: int) -> str:
    """A count in little room: '950', '12k', '1.2M'."""
    if count < 1000:
        return number_text(count)
    return f"{_short(count / 1e3)}k" if count < 999_500 else f"{_short(count / 1e6)}M"


def context_text(tokens: int) -> str:
    """How much a model can keep in mind; empty where it is not known."""
    if tokens <= 0:
        return ""
    words = QCoreApplication.translate("Models", "{context} tokens of context")
    return words.replace("{context}", number_text(tokens))


def languages_text(codes: tuple[str, ...]) -> str:
    """The first three languages, and how many more there are."""
    more = len(codes) - 3
    return ", ".join(codes[:3]) + (f" +{more}" if more > 0 else "")


def speed_text(bytes_per_second: float) -> str:
    """A speed such as '12 MiB/s'."""
    words = QCoreApplication.translate("Models", "{size}/s")
    return words.replace("{size}", size_text(int(bytes_per_second)))


def left_text(seconds: float) -> str:
    """How long it still takes, no more exact than it can be known."""
    if seconds < 60:
        return QCoreApplication.translate("Models", "less than a minute left")
    minutes = int(seconds / 60 + 0.5)
    if minutes < 60:
        words = QCoreApplication.translate("Models", "{minutes} min left")
        return words.replace("{minutes}", number_text(minutes))
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return Counts().days_left(hours // 24)
    words = QCoreApplication.translate("Models", "{hours} h {minutes} min left")
    return words.replace("{hours}", number_text(hours)).replace("{minutes}", number_text(minutes))


def dotted(*facts: str) -> str:
    """Facts in one line, the empty ones left out."""
    return " · ".join(fact for fact in facts if fact)


def repo_name(repo: str) -> str:
    """A repository's name without its owner."""
    return repo.rpartition("/")[2]


def _short(value: float) -> str:
    """At most three digits, and no ',0'."""
    text = QLocale().toString(value, "f", 1 if value < 99.95 else 0)
    return text.removesuffix(QLocale().decimalPoint() + "0")
