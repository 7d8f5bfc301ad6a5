"""A conversation as one HTML file that needs nothing else, and as the page that is printed."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.core.entities import Attachment, AttachmentId, Message, Role
from app.exchange.as_markdown import DATE, heading, is_unfinished
from app.exchange.formulas import Picture
from app.exchange.html_body import HtmlBody, data_uri
from app.exchange.html_style import page_style, print_style
from app.exchange.reasoning import segments
from app.exchange.records import Record, Words, branch

# nothing is fetched, nothing runs, nothing is sent, whatever a message holds
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class PrintPage:
    """HTML for QTextDocument, a part for each message; it names `formulas` and `images`.

    `style` makes the style sheet for a device with so many dots per pixel of the page."""

    parts: tuple[str, ...]
    style: Callable[[float], str]
    title: str
    formulas: dict[str, Picture]
    images: dict[str, bytes]


def to_html(
    record: Record, words: Words, *, has_reasoning: bool = True, language: str = "en"
) -> str:
    """The branch on show as a page for browsers, light or dark as the reader's system is."""
    page = _Page(record, words, HtmlBody(alerts=words.alerts()), has_reasoning=has_reasoning)
    title = html.escape(record.conversation.title or words.untitled)
    return (
        f'<!DOCTYPE html>\n<html lang="{html.escape(language, quote=True)}">\n<head>\n'
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>\n{page_style()}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{title}</h1>\n{page.body()}{page.foot()}</main>\n</body>\n</html>\n"
    )


def to_print(record: Record, words: Words, *, has_reasoning: bool = True) -> PrintPage:
    """The branch on show as a page for paper and PDF."""
    body = HtmlBody(is_print=True, alerts=words.alerts())
    page = _Page(record, words, body, has_reasoning=has_reasoning)
    title = record.conversation.title or words.untitled
    parts = (f"<h1>{html.escape(title)}</h1>", *page.parts())
    return PrintPage(parts, print_style, title, body.pictures, page.images)


class _Page:
    """The messages, in the words of a browser or of QTextDocument."""

    def __init__(
        self, record: Record, words: Words, body: HtmlBody, *, has_reasoning: bool
    ) -> None:
        self._record, self._words, self._body = record, words, body
        self._has_reasoning = has_reasoning
        self.images: dict[str, bytes] = {}

    def body(self) -> str:
        return "".join(self.parts())

    def parts(self) -> list[str]:
        """The system prompt, if there is one, and each message."""
        conversation = self._record.conversation
        parts = []
        if conversation.system_prompt.strip():
            inner = self._body.render(conversation.system_prompt)
            parts.append(self._fold(self._words.system, inner))
        parts += [self._message(m) for m in branch(self._record.messages, conversation.head_id)]
        return parts

    def foot(self) -> str:
        when = datetime.now().astimezone().strftime(DATE)
        said = html.escape(self._words.exported.replace("{date}", when))
        return f"<footer>{said}</footer>\n"

    def _message(self, message: Message) -> str:
        inner = "".join(self._attachment(a) for a in message.attachments)
        if message.role is Role.USER:
            inner += self._body.render(message.content)
        else:
            for part in segments(message.content):
                rendered = self._body.render(part.text)
                if not part.is_thought:
                    inner += rendered
                elif self._has_reasoning:
                    inner += self._fold(self._words.thoughts, rendered)
        if is_unfinished(message):
            inner += f'<p class="note"><i>{html.escape(self._words.unfinished)}</i></p>\n'
        return self._framed(message, inner)

    def _framed(self, message: Message, inner: str) -> str:
        who = html.escape(heading(message, self._words))
        at = message.created_at.astimezone()
        when = at.strftime(DATE)
        if self._body.is_print:
            return (
                f'<p class="{message.role.value}"><b>{who}</b>'
                f'<span class="time"> &nbsp; {when}</span></p>{inner}'
            )
        return (
            f'<article class="{message.role.value}">\n<header><h2>{who}</h2>'
            f'<time datetime="{at.isoformat()}">{when}</time></header>\n{inner}</article>\n'
        )

    def _fold(self, title: str, inner: str) -> str:
        title = html.escape(title)
        if self._body.is_print:
            return f'<blockquote class="fold"><p><b>{title}</b></p>{inner}</blockquote>'
        return f"<details>\n<summary>{title}</summary>\n{inner}</details>\n"

    def _attachment(self, attachment: Attachment) -> str:
        name = html.escape(self._words.attachment.replace("{name}", attachment.name))
        data = self._record.data.get(AttachmentId(attachment.id), b"")
        if attachment.is_image and data:
            if self._body.is_print:
                source = f"attachment:{len(self.images)}"
                self.images[source] = data
                return f'<p class="image"><img src="{source}"></p>'
            if source := data_uri(attachment.media_type, data):
                return f'<figure><img src="{source}" alt="{name}"></figure>\n'
        if not attachment.text.strip():
            return f'<p class="note">{name}</p>\n'
        ending = attachment.name.rpartition(".")[2]
        code = self._body.code(attachment.text, ending if len(ending) < 12 else "")
        return (
            f'<p class="note">{name}</p>{code}'
            if self._body.is_print
            else self._fold_raw(name, code)
        )

    @staticmethod
    def _fold_raw(title: str, inner: str) -> str:
        return f"<details>\n<summary>{title}</summary>\n{inner}</details>\n"
