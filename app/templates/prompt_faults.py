"""What is wrong with a prompt's text, in our words: which message, which line, what."""

from __future__ import annotations

import contextlib
import re
import traceback
from collections.abc import Iterator, Mapping
from string import Formatter

from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from app.core.errors import AppError
from app.core.prompt_errors import (
    PromptAttributeBad,
    PromptBracesBad,
    PromptFormatBad,
    PromptTemplateBad,
    PromptUnknownFilter,
)
from app.core.prompts import VARIABLE, PromptTemplate, TemplateFormat

_NO_SUCH = re.compile(r"No (?:filter|test) named '([^']*)'")
_ATTRIBUTE = re.compile(r"attribute '([^']*)'")
_MOST_REASON = 300  # characters
_EXAMPLE = "{topic}"


def check_text(text: str, template_format: TemplateFormat, number: int) -> None:
    """Raises a PromptTemplateBad where message `number`, from 1, is no template."""
    if template_format is TemplateFormat.JINJA:
        _check_jinja(text, number)
    else:
        _check_f_string(text, number)


@contextlib.contextmanager
def explained(template: PromptTemplate, values: Mapping[str, object]) -> Iterator[None]:
    """What rendering raises, as one of our errors; too much memory stays what it is."""
    try:
        yield
    except (AppError, MemoryError, OverflowError):
        raise
    except Exception as error:
        if template.format is TemplateFormat.F_STRING:
            raise PromptFormatBad(str(error), name=_misfit(template, values)) from error
        raise _of_jinja(error, _message_of(error, template)) from error


def _check_f_string(text: str, number: int) -> None:
    try:
        fields = list(Formatter().parse(text))
    except ValueError as error:
        raise PromptBracesBad(
            str(error), message=number, line=_line_of_brace(text), example=_EXAMPLE
        ) from None
    line = 1
    for literal, name, spec, conversion in fields:
        line += literal.count("\n")
        if name is None:
            continue
        head = re.split(r"[.\[]", name, maxsplit=1)[0]
        if head != name and VARIABLE.fullmatch(head):
            raise PromptAttributeBad(name=name[:80], message=number, line=line)
        is_plain = conversion in (None, "r", "s", "a") and not re.search(r"[{}]", spec or "")
        if not VARIABLE.fullmatch(name) or not is_plain:
            raise PromptBracesBad(name[:80], message=number, line=line, example=_EXAMPLE)


def _line_of_brace(text: str) -> int:
    """The line of the first brace that has no partner."""
    at = 0
    while at < len(text):
        if text[at : at + 2] in ("{{", "}}"):
            at += 2
        elif text[at] == "{":
            end = text.find("}", at)
            if end < 0 or "{" in text[at + 1 : end]:
                break
            at = end + 1
        elif text[at] == "}":
            break
        else:
            at += 1
    return text.count("\n", 0, at) + 1


def _check_jinja(text: str, number: int) -> None:
    environment = SandboxedEnvironment()  # as LangChain's
    try:
        tree = environment.parse(text)
        _check_attributes(tree, number)
        _check_names(tree, environment, number)
        environment.compile(text)
    except (TemplateError, RecursionError, SyntaxError, OverflowError) as error:
        raise _of_jinja(error, number) from None


def _check_attributes(tree: nodes.Template, number: int) -> None:
    """Values are texts and numbers: what they do not have would be empty without a word."""
    local = _local(tree)
    for node in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Filter)):
        inside = _looked_for(node)
        of = node.node.name if isinstance(node.node, nodes.Name) else ""  # type: ignore[attr-defined]
        is_value = of != "" and of not in local
        has_it = isinstance(node, nodes.Getattr) and hasattr(str, inside)
        if inside.startswith("_") or (inside and is_value and not has_it):
            name = f"{of}.{inside}" if of else inside
            raise PromptAttributeBad(name=name[:80], message=number, line=node.lineno)


def _looked_for(node: nodes.Node) -> str:
    """The name in `value.name`, `value["name"]`, `value|attr("name")`; else empty."""
    if isinstance(node, nodes.Getattr):
        return node.attr
    argument: nodes.Node | None = None
    if isinstance(node, nodes.Getitem):
        argument = node.arg
    elif isinstance(node, nodes.Filter) and node.name == "attr" and node.args:
        argument = node.args[0]
    if isinstance(argument, nodes.Const) and isinstance(argument.value, str):
        return argument.value
    return ""


def _check_names(tree: nodes.Template, environment: SandboxedEnvironment, number: int) -> None:
    """Jinja finds an unknown filter below an `if` only when it comes to it."""
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        known = environment.filters if isinstance(node, nodes.Filter) else environment.tests
        name = node.name
        if name not in known:
            raise PromptUnknownFilter(name=name[:80], message=number, line=node.lineno)


def _local(tree: nodes.Template) -> set[str]:
    """What the template sets by itself, such as a loop's variable."""
    made = {node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param")}
    return made | {"loop", "namespace", "caller", "self"}


def _of_jinja(error: BaseException, number: int) -> PromptTemplateBad:
    reason = " ".join(str(error).split())[:_MOST_REASON] or type(error).__name__
    line = error.lineno if isinstance(error, TemplateSyntaxError) else _line_in_template(error)
    unknown = _NO_SUCH.search(reason)
    if unknown:
        return PromptUnknownFilter(reason, name=unknown[1], message=number, line=line)
    if isinstance(error, SecurityError):
        found = _ATTRIBUTE.search(reason)
        name = found[1] if found else reason
        return PromptAttributeBad(reason, name=name, message=number, line=line)
    return PromptTemplateBad(reason, message=number, line=line, reason=reason)


def _line_in_template(error: BaseException) -> int:
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == "<template>" and frame.lineno
    ]
    return lines[-1] if lines else 1


def _message_of(error: BaseException, template: PromptTemplate) -> int:
    """Which message failed; LangChain does not say, so the text is looked for in its frames."""
    trace = error.__traceback__
    texts = [message.text for message in template.messages]
    while trace is not None:
        text = trace.tb_frame.f_locals.get("template")
        if isinstance(text, str) and text in texts:
            return texts.index(text) + 1
        trace = trace.tb_next
    return 1


def _misfit(template: PromptTemplate, values: Mapping[str, object]) -> str:
    """The variable whose value does not fit what follows its colon."""
    for message in template.messages:
        for _, name, spec, conversion in Formatter().parse(message.text):
            if name is not None and not conversion:
                try:
                    format(values.get(name, ""), spec or "")
                except (ValueError, TypeError):
                    return name
    return ""
