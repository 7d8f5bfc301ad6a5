"""What can go wrong with a template: it takes too long, it makes too much, or it fails."""

from __future__ import annotations

from app.core.errors import AppError, Problem


class TemplateError(AppError):
    code = "template"
    summary = "The template could not be used."
    action = "Choose another template; the details say what is wrong with this one."


class TemplateTooSlow(TemplateError):
    code = "template.too-slow"
    summary = "The template took more than {seconds} s and was ended."
    action = "Look for a loop without an end in it, or choose another template."


class TemplateTooLarge(TemplateError):
    code = "template.too-large"
    summary = "The template made more text or took more memory than is allowed, and was ended."
    action = "Look for what makes it grow, or choose another template."


class TemplateFailed(TemplateError):
    code = "template.failed"
    summary = "The template does not work ({reason})."
    action = "Correct the template, or choose another one."


class TemplateNotUsable(TemplateError):
    code = "template.not-usable"
    summary = "The chat template inside {name} does not work, so it cannot answer as it is."
    action = "Choose a known good template for it."


def reason_of(problem: Problem) -> str:
    """What a template did, for a technical eye."""
    reason = dict(problem.params).get("reason", "")
    return reason or "\n".join(filter(None, (problem.summary_text, problem.details)))
