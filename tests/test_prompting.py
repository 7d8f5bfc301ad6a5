"""A prompt only grows: what was rendered for one turn begins the next one, byte by byte."""

from __future__ import annotations

import itertools

import pytest

from app.core.entities import ChatMessage, Role
from app.core.errors import PromptTooLong
from app.core.history import sendable
from app.worker.chat_template import FALLBACK_TEMPLATE, ChatTemplate
from app.worker.prompting import FittedPrompt, fit_prompt, make_messages

# in the manner of the families' own templates
TURNS = (
    "{{ bos_token }}{% for m in messages %}<|start|>{{ m.role }}<|end|>\n\n{{ m.content | trim }}"
    "<|eot|>{% endfor %}{% if add_generation_prompt %}<|start|>assistant<|end|>\n\n{% endif %}"
)
NO_SYSTEM = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}"
    "{{ raise_exception('no system role') }}{% endif %}[{{ m.role }}]\n{{ m.content }}\n"
    "{% endfor %}{% if add_generation_prompt %}[assistant]\n{% endif %}"
)
SPACED = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %} [INST] {{ m.content }} [/INST]"
    "{% elif m.role == 'assistant' %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)
# takes the reasoning out of all answers but those after the last question
WITHOUT_THOUGHTS = (
    "{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}"
    "{{ m.content.split('</think>')[-1] }}{% else %}{{ m.content }}{% endif %}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
ANSWERS = ("It is *blue*.\n\n- one\n- two", "{{ not a template }} {braces}", "你好 🙂", " spaced ")


def template(source: str) -> ChatTemplate:
    return ChatTemplate(source, "<s>", "</s>", "test.gguf")


def conversation(turns: int) -> list[ChatMessage]:
    found = []
    for number in range(turns):
        found.append(ChatMessage(Role.USER, f"Question {number}: {{why}} is that so? %s <b>"))
        found.append(ChatMessage(Role.ASSISTANT, ANSWERS[number % len(ANSWERS)]))
    return [*found, ChatMessage(Role.USER, "And now?")]


@pytest.mark.parametrize("source", [FALLBACK_TEMPLATE, TURNS, NO_SYSTEM, SPACED])
@pytest.mark.parametrize("system", ["", "Be brief. {system} {{ x }}"])
def test_each_turn_begins_with_the_one_before(source: str, system: str) -> None:
    prompts = [
        template(source).render(make_messages(system, conversation(turns))) for turns in range(8)
    ]
    for earlier, later in itertools.pairwise(prompts):
        # all that was rendered up to the last question, which is another one in the next turn
        until = earlier.rindex("And now?")
        assert later.startswith(earlier[:until])
    assert prompts == [
        template(source).render(make_messages(system, conversation(turns))) for turns in range(8)
    ]


def test_reasoning_that_a_template_takes_out_costs_that_answer_alone() -> None:
    def render(messages: list[ChatMessage]) -> str:
        return template(WITHOUT_THOUGHTS).render(make_messages("", messages))

    first = [ChatMessage(Role.USER, "Why?")]
    asked = render(first)
    answered = [*first, ChatMessage(Role.ASSISTANT, "<think>hm</think>Because.")]
    later = render([*answered, ChatMessage(Role.USER, "And?")])
    assert later.startswith(asked)  # the question and the beginning of the answer stay
    assert "hm" not in later


def test_old_turns_are_left_out_in_steps_so_that_the_beginning_stays() -> None:
    """Growing turn by turn, the beginning changes seldom: each change costs the whole prompt."""

    def count(text: str) -> int:
        return len(text) // 4

    beginnings, dropped = [], []
    for turns in range(4, 60):
        fitted = fit_prompt("Be kind.", conversation(turns), template(TURNS), count, 600)
        assert count(fitted.text) <= 600
        assert "Be kind." in fitted.text
        beginnings.append(fitted.text[:200])
        dropped.append(fitted.dropped_turns)
    changes = sum(1 for one, other in itertools.pairwise(beginnings) if one != other)
    assert dropped == sorted(dropped)
    assert dropped[-1] > 40
    assert 3 <= changes <= 56 // 3


def fitted(history: list[ChatMessage], context: int) -> FittedPrompt:
    """As the window and the worker do it together; four bytes are a token."""
    sent = sendable(history, context)
    omitted = (sent.omitted_turns, sent.omitted_weight)
    return fit_prompt(
        "", sent.messages, template(TURNS), lambda text: len(text) // 4, context, omitted=omitted
    )


def test_a_message_too_long_for_any_context_is_refused_in_words_late_in_a_conversation() -> None:
    huge = ChatMessage(Role.USER, "word " * 20_000)
    with pytest.raises(PromptTooLong) as refusal:
        fitted([*conversation(20)[:-1], huge], 600)
    assert ("tokens", "25014") in refusal.value.problem.params


def test_reasoning_takes_nothing_of_what_is_remembered() -> None:
    """It is left out of history, so that the turns that fit are those without it."""
    thought = "<think>\n" + "I wonder what that could be. " * 300 + "\n</think>"
    plain: list[ChatMessage] = []
    thinking: list[ChatMessage] = []
    dropped = []
    for number in range(60):
        question = ChatMessage(Role.USER, f"Question {number}? " + "word " * 20)
        text = f"It is {number}. " * 20 + "So."
        fits = fitted([*plain, question], 2000)
        assert fitted([*thinking, question], 2000) == fits
        dropped.append(fits.dropped_turns)
        plain += [question, ChatMessage(Role.ASSISTANT, text)]
        thinking += [question, ChatMessage(Role.ASSISTANT, thought + text)]
    assert dropped[-1] > 60
