"""The grammar of a JSON schema: llama-cpp-python's, but for texts with quotes or backslashes."""

from __future__ import annotations

import contextlib
import json

from llama_cpp.llama_grammar import SchemaConverter


class _Converter(SchemaConverter):  # type: ignore[misc]
    """Its own leaves backslashes as they are, which a grammar takes for its own escapes: an answer
    could be no JSON. Characters outside of ASCII stay themselves, as a model writes them."""

    def _format_literal(self, literal: str) -> str:
        with contextlib.suppress(ValueError):  # else a single character of a text
            literal = json.dumps(json.loads(literal), ensure_ascii=False)
        for character, escaped in (("\\", r"\\"), ('"', r"\""), ("\n", r"\n"), ("\r", r"\r")):
            literal = literal.replace(character, escaped)
        return f'"{literal}"'


def grammar_of(schema: str) -> str:
    """The grammar of a JSON schema, as llama.cpp wants it. Raises anything for a wrong one."""
    converter = _Converter(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
    converter.visit(converter.resolve_refs(json.loads(schema), "stdin"), "")
    return str(converter.format_grammar())
