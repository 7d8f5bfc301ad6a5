"""Prompts filled in: what every prompt may use without a field, and the template process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.core.errors import ProblemRaised
from app.core.prompt_errors import PromptError, PromptRefused, PromptTooLarge, PromptTooSlow
from app.core.prompts import PromptTemplate, Rendered
from app.core.template_errors import TemplateFailed, TemplateTooLarge, TemplateTooSlow
from app.templates.process import TemplateProcess

# the variables that are there without a field; a field of the same name goes before
BUILT_IN = ("date", "time", "weekday", "language", "model", "user")
TIMEOUT_S = 2.0  # for one prompt
LARGEST = "1 MB"
_WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "zh_CN": ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"),
}
_LANGUAGES = {"en": "English", "zh_CN": "简体中文"}


def surroundings(language: str, model: str, now: datetime | None = None) -> dict[str, str]:
    """The values of BUILT_IN: the date is ISO, the words are of `language`, such as 'zh_CN'.

    May ask the system who the user is: not for the main thread."""
    now = now or datetime.now()
    names = _WEEKDAYS.get(language, _WEEKDAYS["en"])
    return {
        "date": now.date().isoformat(),
        "time": now.strftime("%H:%M"),
        "weekday": names[now.weekday()],
        "language": _LANGUAGES.get(language, language),
        "model": model,
        "user": _user(),
    }


class PromptRenderer:
    """Fills prompts in, in a template process of its own; any thread but the main one."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._process = TemplateProcess()
        self._timeout_s = timeout_s
        self.is_closed = False

    def render(
        self, template: PromptTemplate, values: Mapping[str, str], around: Mapping[str, str]
    ) -> Rendered:
        """`around` are the values of BUILT_IN. Raises a PromptError."""
        # a field without a value must not get that of a built-in variable of its name
        declared = {variable.name for variable in template.variables}
        given = {name: text for name, text in around.items() if name not in declared}
        found = self._call("prompt", template, {**given, **values})
        assert isinstance(found, Rendered)
        return found

    def variables(self, template: PromptTemplate) -> tuple[str, ...]:
        """The names its text uses, by the alphabet. Raises as `render` does."""
        found = self._call("prompt_variables", template)
        assert isinstance(found, tuple)
        return found

    def close(self) -> None:
        """End its process, also in the middle of a template, which fails. For good."""
        self.is_closed = True
        self._process.close()

    def _call(self, function: str, *args: object) -> object:
        try:
            return self._process.call(function, *args, timeout_s=self._timeout_s)
        except ProblemRaised as error:
            raise PromptRefused(error.problem) from None
        except TemplateTooSlow as error:
            seconds = f"{self._timeout_s:g}"
            raise PromptTooSlow(error.problem.details, seconds=seconds) from None
        except TemplateTooLarge as error:
            raise PromptTooLarge(error.problem.details, size=LARGEST) from None
        except TemplateFailed as error:
            raise PromptError(error.problem.summary_text) from None


_shared: PromptRenderer | None = None


def shared_renderer() -> PromptRenderer:
    """The one renderer of this process; its child ends with it, or after a minute without work.

    A new one where it was closed."""
    global _shared
    if _shared is None or _shared.is_closed:
        _shared = PromptRenderer()
    return _shared


def render_now(
    template: PromptTemplate, values: Mapping[str, str], *, language: str = "en", model: str = ""
) -> Rendered:
    """Fill a prompt in and wait for it: for lanes and the command line. Raises a
    PromptError."""
    return shared_renderer().render(template, values, surroundings(language, model))


def variables_now(template: PromptTemplate) -> tuple[str, ...]:
    """The names a prompt's text uses, by the alphabet. Raises as `render_now` does."""
    return shared_renderer().variables(template)


def _user() -> str:
    import getpass  # at the start of the app every module counts

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without a name, as in some containers
        return ""
