"""YAML for people: texts of several lines as blocks; read without aliases, depth and crowds."""

from __future__ import annotations

from typing import Any

import yaml

MOST_DEPTH = 8
MOST_NODES = 10_000
MOST_DIGITS = 40  # of a number
_WIDTH = 100  # characters of a line


class BadYaml(Exception):
    """It cannot be read: `place` says where, as line or line:column; `reason` why, in English."""

    def __init__(self, place: str, reason: str) -> None:
        self.place, self.reason = place, reason
        super().__init__(f"{place}: {reason}")


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, lists set in."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


class _Loader(yaml.SafeLoader):
    """Counts while it reads, and refuses aliases, with which a line becomes gigabytes.

    Not PyYAML's C part: the packages have none, and it names other places of the same mistake."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._count = self._depth = 0

    def get_event(self) -> yaml.Event:
        event: yaml.Event = super().get_event()  # type: ignore[no-untyped-call]
        self._count += 1
        reason = ""
        if isinstance(event, yaml.AliasEvent):
            reason = "aliases (*name) are not allowed here"
        elif isinstance(event, yaml.CollectionStartEvent):
            self._depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            self._depth -= 1
        if self._depth > MOST_DEPTH or self._count > MOST_NODES:
            reason = "it is nested too deep or has too many entries"
        if reason:
            line = event.start_mark.line + 1 if event.start_mark is not None else 1
            raise BadYaml(str(line), reason)
        return event


def _int(loader: _Loader, node: yaml.ScalarNode) -> Any:
    return loader.construct_yaml_int(node) if _is_short(node) else str(node.value)


def _float(loader: _Loader, node: yaml.ScalarNode) -> Any:
    return loader.construct_yaml_float(node) if _is_short(node) else str(node.value)


def _is_short(node: yaml.ScalarNode) -> bool:
    """YAML reads 1:30:00 as a number too: of a megabyte of that it would compute for minutes."""
    return len(node.value) <= MOST_DIGITS


_Loader.add_constructor("tag:yaml.org,2002:int", _int)
_Loader.add_constructor("tag:yaml.org,2002:float", _float)


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _block)


def dumped(document: object) -> str:
    """Of mappings, lists, texts and numbers."""
    return yaml.dump(
        document,
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=_WIDTH,
        default_flow_style=False,
    )


def loaded(text: str) -> object:
    """The document in `text`. Raises BadYaml, also for what would grow without measure."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark is not None else "1"
        raise BadYaml(place, error.problem or str(error)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise BadYaml(str(line), error.reason) from None
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise BadYaml("1", f"{type(error).__name__}: {error}") from None
