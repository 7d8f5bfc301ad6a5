"""Prompts filled in by LangChain in the template process: values are data, mistakes have words."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from app.core.errors import AppError, Problem
from app.core.prompts import (
    PromptMessage,
    PromptTemplate,
    Rendered,
    TemplateFormat,
    Variable,
    VariableKind,
)
from app.services.built_in_prompts import built_in
from app.services.prompt_rendering import (
    BUILT_IN,
    PromptRenderer,
    shared_renderer,
    surroundings,
)

AROUND = {
    "date": "2026-11-26",
    "time": "09:05",
    "weekday": "Thursday",
    "language": "English",
    "model": "Tiny",
    "user": "ada",
}
LANGUAGES = ("en", "zh_CN")


@pytest.fixture(scope="module")
def renderer() -> Iterator[PromptRenderer]:
    made = PromptRenderer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def impatient() -> Iterator[PromptRenderer]:
    made = PromptRenderer(timeout_s=0.8)
    yield made
    made.close()


def f_string(text: str, *variables: Variable) -> PromptTemplate:
    return PromptTemplate((PromptMessage("user", text),), variables)


def jinja(text: str, *variables: Variable) -> PromptTemplate:
    return PromptTemplate((PromptMessage("user", text),), variables, TemplateFormat.JINJA)


def problem(renderer: PromptRenderer, template: PromptTemplate, **values: str) -> Problem:
    """What filling in raises; it must say what to do, and fill its own words."""
    with pytest.raises(AppError) as caught:
        renderer.render(template, values, AROUND)
    found = caught.value.problem
    assert found.code.split(".")[0] == "prompt", found
    assert found.action_text
    used = set(re.findall(r"\{(\w+)\}", found.summary + found.action))
    assert used <= {name for name, _ in found.params}, "a placeholder that nobody fills"
    return found


# --- filling in


def test_a_prompt_becomes_system_examples_and_question(renderer: PromptRenderer) -> None:
    template = PromptTemplate(
        (
            PromptMessage("system", "You speak {tongue}."),
            PromptMessage("user", "one"),
            PromptMessage("assistant", "{tongue}: un"),
            PromptMessage("user", "{word}\n"),
        ),
        (Variable("tongue"), Variable("word")),
    )
    made = renderer.render(template, {"tongue": "French", "word": "two"}, AROUND)
    assert made == Rendered(
        "two", "You speak French.", (("user", "one"), ("assistant", "French: un"))
    )
    assert renderer.variables(template) == ("tongue", "word")


@pytest.mark.parametrize("value", ["{b} {{c}} {", "{{ 7 * 7 }}", "{% for x in y %}", "{a}", "}"])
def test_what_is_written_into_a_field_is_never_evaluated(
    renderer: PromptRenderer, value: str
) -> None:
    for template in (f_string("<{a}>", Variable("a")), jinja("<{{ a }}>", Variable("a"))):
        assert renderer.render(template, {"a": value}, AROUND).question == f"<{value}>"


def test_braces_that_are_written_twice_stand_for_themselves(renderer: PromptRenderer) -> None:
    template = f_string('{{"city": "{city}"}}', Variable("city"))
    assert renderer.render(template, {"city": "Oslo"}, AROUND).question == '{"city": "Oslo"}'
    assert renderer.variables(template) == ("city",)


def test_six_variables_are_there_without_a_field(renderer: PromptRenderer) -> None:
    text = "{date} {time} {weekday} {language} {model} {user}"
    made = renderer.render(f_string(text), {}, AROUND)
    assert made.question == "2026-11-26 09:05 Thursday English Tiny ada"
    assert set(AROUND) == set(BUILT_IN) == set(surroundings("en", "m"))


def test_a_field_goes_before_a_built_in_variable_of_its_name(renderer: PromptRenderer) -> None:
    template = f_string("{date}", Variable("date", label="When"))
    assert renderer.render(template, {"date": "soon"}, AROUND).question == "soon"
    assert problem(renderer, template, date=" ").code == "prompt.missing-value"
    assert problem(renderer, template).code == "prompt.missing-value"


def test_the_words_around_are_those_of_the_language() -> None:
    assert surroundings("zh_CN", "m")["language"] == "简体中文"
    assert surroundings("zh_CN", "m")["weekday"].startswith("星期")
    assert surroundings("xx", "m")["weekday"].endswith("day")


def test_defaults_stand_in_only_where_something_is_needed(renderer: PromptRenderer) -> None:
    needed = Variable("tone", default="plain")
    optional = Variable("tone", default="plain", is_required=False)
    assert renderer.render(f_string("-{tone}-", needed), {}, AROUND).question == "-plain-"
    assert renderer.render(f_string("-{tone}-", needed), {"tone": ""}, {}).question == "-plain-"
    assert renderer.render(f_string("-{tone}-", optional), {"tone": ""}, {}).question == "--"
    assert renderer.render(f_string("-{tone}-", optional), {}, {}).question == "-plain-"


def test_jinja_computes_with_numbers_and_goes_over_lines(renderer: PromptRenderer) -> None:
    number = Variable("n", VariableKind.NUMBER)
    template = jinja("{{ n * 2 }}{% for x in a.splitlines() %} {{ loop.index }}{{ x }}{% endfor %}")
    template = PromptTemplate(template.messages, (number, Variable("a")), TemplateFormat.JINJA)
    made = renderer.render(template, {"n": "2.5", "a": "x\ny"}, AROUND)
    assert made.question == "5.0 1x 2y"
    assert renderer.render(f_string("{n:.2f}", number), {"n": "3"}, {}).question == "3.00"
    assert renderer.render(f_string("{n}", number), {"n": "3"}, {}).question == "3"


def test_examples_that_came_out_empty_are_left_out(renderer: PromptRenderer) -> None:
    optional = (Variable("q", is_required=False), Variable("a", is_required=False))
    template = PromptTemplate(
        (
            PromptMessage("user", "{q}"),
            PromptMessage("assistant", "{a}"),
            PromptMessage("user", "now"),
        ),
        optional,
    )
    assert renderer.render(template, {"q": "x", "a": ""}, {}) == Rendered("now")
    whole = renderer.render(template, {"q": "x", "a": "y"}, {})
    assert whole.lead == (("user", "x"), ("assistant", "y"))


def test_a_template_of_a_system_message_alone_is_an_assistants(renderer: PromptRenderer) -> None:
    template = PromptTemplate((PromptMessage("system", "Today is {date}."),))
    assert renderer.render(template, {}, AROUND) == Rendered("", "Today is 2026-11-26.")


# --- values that are missing or wrong


def test_missing_values_are_named_as_the_form_names_them(renderer: PromptRenderer) -> None:
    template = f_string("{a} {b}", Variable("a", label="Topic"), Variable("b"))
    found = problem(renderer, template, a=" \n")
    assert found.code == "prompt.missing-value"
    assert found.summary_text == "The prompt needs a value for: Topic, b."


@pytest.mark.parametrize(
    ("variable", "value", "code", "words"),
    [
        (Variable("n", VariableKind.NUMBER), "ten", "prompt.not-a-number", "“ten”"),
        (Variable("n", VariableKind.NUMBER), "nan", "prompt.not-a-number", "“nan”"),
        (Variable("n", VariableKind.NUMBER, minimum=1), "0", "prompt.number-below", "0"),
        (Variable("n", VariableKind.NUMBER, maximum=5), "5.5", "prompt.number-above", "5.5"),
        (Variable("n", VariableKind.DATE), "26.11.2026", "prompt.not-a-date", "“26.11.2026”"),
        (Variable("n", VariableKind.CHOICE, choices=("a", "b")), "c", "prompt.not-a-choice", "“c”"),
    ],
)
def test_a_value_of_another_type_is_refused(
    renderer: PromptRenderer, variable: Variable, value: str, code: str, words: str
) -> None:
    found = problem(renderer, f_string("{n}", variable), n=value)
    assert (found.code, words in found.summary_text) == (code, True)


# --- templates with mistakes


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("a\nb {", "prompt.braces", "line 2"),
        ("a\n\nb } c", "prompt.braces", "line 3"),
        ("a {} b", "prompt.braces", "line 1"),
        ("a {0}", "prompt.braces", "line 1"),
        ("\n{a:{b}}", "prompt.braces", "line 2"),
        ('\n{"a": 1}', "prompt.braces", "line 2"),
        ("{a!x}", "prompt.braces", "line 1"),
        ("x\n{a.__class__}", "prompt.attribute", "a.__class__ in message 1, line 2"),
        ("{a[0]}", "prompt.attribute", "a[0]"),
        ("{a:.2f}", "prompt.format", "value of a"),
        ("{nobody}", "prompt.unknown-variable", "nobody"),
        ("   ", "prompt.empty", "Nothing"),
    ],
)
def test_each_mistake_in_an_f_string_is_named(
    renderer: PromptRenderer, text: str, code: str, where: str
) -> None:
    found = problem(renderer, f_string(text, Variable("a")), a="x")
    assert (found.code, where in found.summary_text) == (code, True), found.summary_text


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("a\n{% if a %}", "prompt.template-bad", "line 2 (Unexpected end"),
        ("a\n{{ a ", "prompt.template-bad", "line 2"),
        ("a\n\n{{ a|shout }}", "prompt.unknown-filter", "“shout” (message 1, line 3)"),
        ("{% if not a %}{{ a|shout }}{% endif %}", "prompt.unknown-filter", "“shout”"),
        ("{% if a is odder %}{% endif %}", "prompt.unknown-filter", "“odder”"),
        ("{{ a.__class__.__mro__ }}", "prompt.attribute", "__mro__"),
        ("{{ a['__class__'] }}", "prompt.attribute", "a.__class__"),
        ("{{ a|attr('__class__') }}", "prompt.attribute", "a.__class__"),
        ("{{ lipsum.__globals__ }}", "prompt.attribute", "__globals__"),
        ("{{ a.street }}", "prompt.attribute", "a.street"),
        ("a\n{{ 1 // 0 }}", "prompt.template-bad", "line 2 (integer division"),
        ("{% include 'x' %}", "prompt.template-bad", "no loader"),
        ("{{ nobody }}", "prompt.unknown-variable-jinja", "nobody"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "prompt.template-bad", "recursion"),
        ("{# nothing #}", "prompt.empty", "Nothing"),
    ],
)
def test_each_mistake_in_jinja_is_named(
    renderer: PromptRenderer, text: str, code: str, where: str
) -> None:
    found = problem(renderer, jinja(text, Variable("a")), a="x")
    assert (found.code, where in found.summary_text) == (code, True), found.summary_text


def test_the_message_with_the_mistake_is_named(renderer: PromptRenderer) -> None:
    for bad, number in (("{{ 1 // 0 }}", 3), ("{{ a|shout }}", 3)):
        template = PromptTemplate(
            (
                PromptMessage("user", "1"),
                PromptMessage("assistant", "2"),
                PromptMessage("user", bad),
            ),
            (Variable("a"),),
            TemplateFormat.JINJA,
        )
        assert f"message {number}" in problem(renderer, template, a="x").summary_text


def test_messages_in_a_wrong_order_and_wrong_fields_are_refused(renderer: PromptRenderer) -> None:
    late = PromptTemplate((PromptMessage("user", "a"), PromptMessage("system", "b")))
    twice = PromptTemplate((PromptMessage("user", "a"), PromptMessage("user", "b")))
    for template in (late, twice):
        assert problem(renderer, template).code == "prompt.shape"
    for variables in ((Variable("a"), Variable("a")), (Variable("a b"),)):
        assert problem(renderer, f_string("x", *variables)).code == "prompt.variable-bad"


def test_checking_finds_mistakes_without_any_value(renderer: PromptRenderer) -> None:
    with pytest.raises(AppError) as caught:
        renderer.variables(jinja("{% if a %}{{ b|shout }}{% endif %}"))
    assert caught.value.problem.code == "prompt.unknown-filter"
    assert renderer.variables(
        jinja("{% set c = 1 %}{{ a }}{{ c }}{% for x in b %}{% endfor %}")
    ) == (
        "a",
        "b",
    )


# --- hostile templates


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (
            "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
            {"prompt.too-slow"},
        ),
        ("{{ 'a' * 1000000000 }}", {"prompt.too-large", "prompt.too-slow"}),
        ("{{ 'a' * 2000000 }}", {"prompt.too-large"}),
        ("{% for i in range(9999999) %}x{% endfor %}", {"prompt.too-large"}),
    ],
)
def test_a_template_without_end_or_measure_is_stopped_and_the_next_one_works(
    impatient: PromptRenderer, text: str, codes: set[str]
) -> None:
    assert impatient.render(f_string("before"), {}, {}).question == "before"
    begun = time.monotonic()
    assert problem(impatient, jinja(text)).code in codes
    assert time.monotonic() - begun < 3
    assert impatient.render(f_string("after"), {}, {}).question == "after"


def test_a_huge_width_and_a_huge_value_are_too_large(renderer: PromptRenderer) -> None:
    wide = f_string("{a:>1000000000}", Variable("a"))
    assert problem(renderer, wide, a="x").code == "prompt.too-large"
    plain = f_string("{a}", Variable("a"))
    assert problem(renderer, plain, a="x" * 2_000_000).code == "prompt.too-large"
    assert len(renderer.render(plain, {"a": "x" * 1_000_000}, {}).question) == 1_000_000


def test_the_process_is_small_quick_and_ends(renderer: PromptRenderer) -> None:
    template = f_string("{a}", Variable("a"))
    renderer.render(template, {"a": "x"}, {})
    begun = time.monotonic()
    for _ in range(50):
        renderer.render(template, {"a": "x"}, {})
    assert (time.monotonic() - begun) / 50 < 0.05
    other = PromptRenderer()
    other.render(template, {"a": "x"}, {})
    child = psutil.Process(other._process.pid)
    assert child.memory_info().rss < 150 << 20
    other.close()
    psutil.wait_procs([child], timeout=5)
    assert not child.is_running()


def test_a_closed_renderer_fails_at_once_and_another_one_takes_its_place() -> None:
    first = shared_renderer()
    assert first.render(f_string("x"), {}, {}).question == "x"
    assert shared_renderer() is first
    first.close()
    assert problem(first, f_string("x")).code == "prompt"
    assert shared_renderer() is not first
    shared_renderer().close()


def test_closing_ends_a_template_that_goes_on() -> None:
    slow = PromptRenderer(timeout_s=60)
    slow.render(f_string("warm"), {}, {})
    loop = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    timer = threading.Timer(0.3, slow.close)
    timer.start()
    begun = time.monotonic()
    assert problem(slow, jinja(loop)).code == "prompt"
    assert time.monotonic() - begun < 10
    timer.join()


# --- what comes with Inglenook


def filling(variable: Variable) -> str:
    if variable.default:
        return variable.default
    kinds = {VariableKind.NUMBER: "3", VariableKind.DATE: "2026-12-01"}
    return kinds.get(variable.kind, "{odd} {{ text }}\nwith two lines")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_built_in_prompt_can_be_filled_in(renderer: PromptRenderer, language: str) -> None:
    for prompt in built_in(language):
        template = prompt.template
        used = set(renderer.variables(template)) - set(BUILT_IN)
        assert used == {variable.name for variable in template.variables}, prompt.name
        needed = {v.name: filling(v) for v in template.variables if v.is_required}
        whole = {v.name: filling(v) for v in template.variables}
        least = renderer.render(template, needed, AROUND)
        most = renderer.render(template, whole, AROUND)
        for made in (least, most):
            texts = [made.question, made.system, *(text for _, text in made.lead)]
            assert "\n\n\n" not in "\n".join(texts), f"{prompt.name}: holes"
        shown = most.question + most.system
        for value in whole.values():
            assert value in shown or value.splitlines()[0] in shown or _decides(prompt.name)
        assert len(most.question) > 20 or most.lead, prompt.name


def _decides(name: str) -> bool:
    """Prompts with a choice that is not written out, but decides what is."""
    return name in ("proofread", "校对", "extract", "提取")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_choice_makes_a_text_of_its_own(renderer: PromptRenderer, language: str) -> None:
    for prompt in built_in(language):
        values = {v.name: filling(v) for v in prompt.template.variables}
        for variable in prompt.template.variables:
            made = [
                renderer.render(prompt.template, {**values, variable.name: choice}, AROUND)
                for choice in variable.choices
            ]
            assert len(set(made)) == len(made), (prompt.name, variable.name)


def test_both_languages_have_the_same_prompts_with_the_same_fields() -> None:
    english, chinese = (built_in(language) for language in LANGUAGES)
    assert [p.id for p in english] == [p.id for p in chinese]
    for ours, theirs in zip(english, chinese, strict=True):
        assert ours.template.format == theirs.template.format
        assert [m.role for m in ours.template.messages] == [
            m.role for m in theirs.template.messages
        ]
        for a, b in zip(ours.template.variables, theirs.template.variables, strict=True):
            assert (a.name, a.kind, a.minimum, a.maximum, a.is_required, len(a.choices)) == (
                b.name,
                b.kind,
                b.minimum,
                b.maximum,
                b.is_required,
                len(b.choices),
            ), ours.name
            assert bool(a.help) == bool(b.help), ours.name
            assert bool(a.default) == bool(b.default), ours.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_built_in_prompts_are_complete_and_of_every_kind(language: str) -> None:
    prompts = built_in(language)
    assert len(prompts) >= 25
    for texts in ([p.name.casefold() for p in prompts], [p.title for p in prompts]):
        assert len(set(texts)) == len(texts)
    assert all(p.is_built_in and p.folder and p.description for p in prompts)
    variables = [v for p in prompts for v in p.template.variables]
    assert all(v.label for v in variables)
    assert {v.kind for v in variables} == set(VariableKind)
    assert {p.template.format for p in prompts} == set(TemplateFormat)
    assert any(m.role == "assistant" for p in prompts for m in p.template.messages)
    assert any(not v.is_required for v in variables)
    is_chinese = [any("一" <= c <= "鿿" for c in p.title + p.description) for p in prompts]
    assert all(is_chinese) if language == "zh_CN" else not any(is_chinese)
