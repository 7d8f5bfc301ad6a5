"""A conversation as one Markdown file: the branch on show, answers as the models wrote them."""

from __future__ import annotations

from app.core.entities import Message, Role, Status
from app.exchange.reasoning import segments
from app.exchange.records import Record, Words, branch

DATE = "%Y-%m-%d %H:%M"


def to_markdown(record: Record, words: Words, *, has_reasoning: bool = True) -> str:
    """The whole text. Reasoning becomes a quotation, and an attachment its name and what the
    model read of it; pictures are only named, as Markdown holds no bytes."""
    conversation = record.conversation
    parts = [f"# {_one_line(conversation.title) or words.untitled}"]
    if conversation.system_prompt.strip():
        parts += [f"**{words.system}**", _quoted(conversation.system_prompt.strip())]
    for message in branch(record.messages, conversation.head_id):
        parts += _message(message, words, has_reasoning=has_reasoning)
    return "\n\n".join(parts) + "\n"


def heading(message: Message, words: Words) -> str:
    """Who said it: the person, or the assistant with the model's name."""
    if message.role is Role.USER:
        return words.you
    model = _one_line(message.model.removesuffix(".gguf"))
    return f"{words.assistant} · {model}" if model else words.assistant


def is_unfinished(message: Message) -> bool:
    """Whether an answer ended before its end."""
    return message.role is Role.ASSISTANT and message.status is not Status.COMPLETE


def _message(message: Message, words: Words, *, has_reasoning: bool) -> list[str]:
    when = message.created_at.astimezone().strftime(DATE)
    parts = [f"## {heading(message, words)}", f"*{when}*"]
    for attachment in message.attachments:
        parts.append(f"*{words.attachment.replace('{name}', _one_line(attachment.name))}*")
        if attachment.text.strip():
            parts.append(_fenced(attachment.text.rstrip("\n")))
    if message.role is Role.USER:
        parts.append(message.content.strip())
    else:
        for part in segments(message.content):
            if not part.is_thought:
                parts.append(part.text)
            elif has_reasoning:
                parts.append(_quoted(f"**{words.thoughts}**\n\n{part.text}"))
    if is_unfinished(message):
        parts.append(f"*{words.unfinished}*")
    return [part for part in parts if part]


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _fenced(text: str) -> str:
    """In a fence longer than any within."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text}\n{fence}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
