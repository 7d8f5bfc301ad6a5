"""Which rows the sidebar has: conversations under headings for pins, folders, dates, archive."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from app.core.entities import Conversation, Folder, FolderId


class Section(StrEnum):
    """What a heading stands for. The values are remembered with what is collapsed."""

    PINNED = "pinned"
    FOLDER = "folder"
    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "week"
    DAYS_30 = "days30"
    MONTH = "month"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Heading:
    """The row above a group. `key` is unique among headings and stays the same between starts.

    `start` is the first day of a month, None elsewhere; `count` counts its conversations, also
    while it is collapsed.
    """

    section: Section
    key: str
    count: int
    is_collapsed: bool
    name: str = ""  # of a folder
    folder_id: FolderId | None = None
    start: date | None = None


Row = Heading | Conversation


def key_of(row: Row) -> str:
    """What identifies a row however the list changes."""
    return f"#{row.key}" if isinstance(row, Heading) else row.id


def folder_key(folder_id: FolderId) -> str:
    """The key of a folder's heading."""
    return f"{Section.FOLDER}:{folder_id}"


def tag_counts(conversations: Iterable[Conversation]) -> list[tuple[str, int]]:
    """Every tag with how many conversations have it, the most used first."""
    counts: dict[str, int] = {}
    for conversation in conversations:
        for name in conversation.tags:
            counts[name] = counts.get(name, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0].casefold()))


def arrange(
    conversations: Sequence[Conversation],
    folders: Sequence[Folder],
    collapsed: Collection[str],
    tags: Collection[str] = (),
    today: date | None = None,
) -> list[Row]:
    """The rows from top to bottom; groups keep the order of `conversations`.

    With `tags` only conversations that have all of them are there, and no empty folders. `today`
    is by this computer's calendar.
    """
    wanted = frozenset(tags)
    groups = _sorted_into_groups(conversations, folders, wanted)
    rows: list[Row] = []

    def group(heading: Heading, found: Sequence[Conversation]) -> None:
        rows.append(heading)
        if not heading.is_collapsed:
            rows.extend(found)

    if groups.pinned:
        group(_heading(Section.PINNED, groups.pinned, collapsed), groups.pinned)
    for folder in folders:
        found = groups.foldered[folder.id]
        if found or not wanted:
            is_collapsed = folder_key(folder.id) in collapsed
            names = (folder_key(folder.id), len(found), is_collapsed, folder.name, folder.id)
            group(Heading(Section.FOLDER, *names), found)
    for section, key, start, found in _by_date(groups.dated, today or datetime.now().date()):
        group(Heading(section, key, len(found), key in collapsed, start=start), found)
    if groups.archived:
        group(_heading(Section.ARCHIVE, groups.archived, collapsed), groups.archived)
    return rows


def changes_of_drop(
    conversations: Sequence[Conversation], target: Heading
) -> list[tuple[str, list[str], object]]:
    """What it means to drop conversations on a heading: archived, pinned or moved, ids, value.

    Only what changes something; what was dropped is then seen below that heading, hence what is
    put into a folder or back among the dates is neither pinned nor archived any more.
    """
    changes: list[tuple[str, list[str], object]] = []

    def change(what: str, value: object, ids: list[str]) -> None:
        if ids:
            changes.append((what, ids, value))

    if target.section is Section.ARCHIVE:
        change("archived", True, [c.id for c in conversations if not c.is_archived])
        return changes
    change("archived", False, [c.id for c in conversations if c.is_archived])
    if target.section is Section.PINNED:
        change("pinned", True, [c.id for c in conversations if not c.is_pinned])
        return changes
    change("pinned", False, [c.id for c in conversations if c.is_pinned])
    folder = target.folder_id
    change("moved", folder or "", [c.id for c in conversations if c.folder_id != folder])
    return changes


@dataclass(slots=True)
class _Groups:
    pinned: list[Conversation]
    archived: list[Conversation]
    foldered: dict[FolderId, list[Conversation]]
    dated: list[Conversation]


def _sorted_into_groups(
    conversations: Iterable[Conversation], folders: Iterable[Folder], wanted: frozenset[str]
) -> _Groups:
    """Each conversation is in one group; being archived goes before pins, pins before folders."""
    groups = _Groups([], [], {folder.id: [] for folder in folders}, [])
    for conversation in conversations:
        if wanted and not wanted.issubset(conversation.tags):
            continue
        if conversation.is_archived:
            groups.archived.append(conversation)
        elif conversation.is_pinned:
            groups.pinned.append(conversation)
        elif conversation.folder_id in groups.foldered:
            groups.foldered[conversation.folder_id].append(conversation)
        else:
            groups.dated.append(conversation)
    return groups


def _heading(
    section: Section, found: Sequence[Conversation], collapsed: Collection[str]
) -> Heading:
    return Heading(section, section.value, len(found), section.value in collapsed)


def _by_date(
    conversations: Iterable[Conversation], today: date
) -> list[tuple[Section, str, date | None, list[Conversation]]]:
    """Groups by the day of the last change, the newest group first."""
    groups: dict[str, tuple[Section, date | None, list[Conversation], datetime]] = {}
    first = last = datetime.max.replace(tzinfo=UTC)
    current: list[Conversation] = []
    for conversation in conversations:
        # neighbours are mostly of one group: two comparisons instead of a look into the calendar
        if not first <= conversation.updated_at < last:
            section, start, begins, ends = _period(conversation.updated_at, today)
            first, last = _midnight(begins), _midnight(ends)
            key = f"{start:%Y-%m}" if start else section.value
            current = groups.setdefault(key, (section, start, [], first))[2]
        current.append(conversation)
    ordered = sorted(groups.items(), key=lambda item: item[1][3], reverse=True)
    return [(section, key, start, found) for key, (section, start, found, _) in ordered]


def _period(moment: datetime, today: date) -> tuple[Section, date | None, date, date]:
    """The group of a moment: section, month, first day and the day after its last."""
    day, one = moment.astimezone().date(), timedelta(days=1)
    if day >= today:  # a clock that was set back must not make a group of tomorrow
        return Section.TODAY, None, today, date.max
    if day == today - one:
        return Section.YESTERDAY, None, day, today
    if day >= today - 7 * one:
        return Section.WEEK, None, today - 7 * one, today - one
    oldest = today - 30 * one
    if day >= oldest:
        return Section.DAYS_30, None, oldest, today - 7 * one
    month = day.replace(day=1)
    following = (month + 32 * one).replace(day=1)
    return Section.MONTH, month, month, min(following, oldest)


def _midnight(day: date) -> datetime:
    """The beginning of a day here, as a moment."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day, time()).astimezone()
