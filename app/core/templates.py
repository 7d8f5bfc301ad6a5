"""Chat templates: what a vocabulary says of them, the known good ones, what the doctor found."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.entities import Finding


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a chat template has to do with, of a model's vocabulary; texts of tokens.

    `ends` are those at which llama.cpp ends an answer, `specials` all that are not plain text.
    `is_known` is false where there was nothing to read.
    """

    bos: str = ""
    eos: str = ""
    adds_bos: bool = False
    ends: frozenset[str] = frozenset()
    specials: frozenset[str] = frozenset()
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class KnownTemplate:
    """One of the known good templates. `title` and `families` are names, in no language.

    `needs` are the special tokens without which it makes no sense, `stops` texts that end an answer
    where they are no tokens of their own.
    """

    name: str
    title: str
    families: str
    needs: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Examination:
    """What the doctor found in a model file. `findings` are of its own template, if it has one.

    `suggestions` are names of known good templates that suit the vocabulary, the best first;
    `chosen` is the one in use, empty for the model's own.
    """

    findings: tuple[Finding, ...] = ()
    suggestions: tuple[str, ...] = ()
    chosen: str = ""
    has_own: bool = True
