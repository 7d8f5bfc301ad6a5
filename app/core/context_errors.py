"""What goes wrong when more is to be told to a model than its context holds."""

from __future__ import annotations

from app.core.errors import ModelError


class ContextFull(ModelError):
    code = "context.full"
    summary = (
        "The context is full: the conversation takes {tokens} tokens, and there is room for {room}."
    )
    action = (
        "Leave messages out, choose under 'Memory' what happens when the context is full, or raise "
        "the context length in the settings."
    )


class KeptTooLong(ModelError):
    code = "context.kept-too-long"
    summary = (
        "What is never left out does not fit into the context with the message: {tokens} tokens, "
        "and the context holds {context}."
    )
    action = (
        "Unpin messages, shorten the system prompt, what is remembered or the summary, or raise "
        "the context length in the settings."
    )
