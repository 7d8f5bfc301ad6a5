"""What is stored of the memory of conversations: policies, marks, summaries, facts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from app.core.entities import ConversationId, MessageId, new_id, utc_now
from app.core.memory import MemoryPolicy
from app.core.remembered import Fact, FactState, MarkKind, Marks, Summary
from app.storage.database import Database
from app.storage.rows import FACT, STALE, SUMMARY, fact_of, summary_of

# of a summary: neither what it stands for nor what it was written from is in the bin
_NOT_BINNED = """NOT EXISTS (SELECT 1 FROM message_bin WHERE message_id IN (through_id, seen_id))"""


class Remembered:
    """Reads and writes it; a call that changes something is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # how much is told

    def set_policy(self, conversation_id: ConversationId, policy: MemoryPolicy | None) -> None:
        """What is told of a conversation from now on; None: as the settings say."""
        self._database.execute(
            "UPDATE conversation SET memory = ? WHERE id = ?",
            (policy.as_text() if policy is not None else "", conversation_id),
        )

    # marks

    def marks(self, conversation_id: ConversationId) -> Marks:
        """What was said about the messages of a conversation, on every branch of it."""
        # CROSS: from the few marks to their messages, never from the many messages
        rows = self._database.rows(
            "SELECT message_id, attachment_id, kind FROM message_mark CROSS JOIN message"
            " ON message.id = message_id WHERE conversation_id = ?",
            (conversation_id,),
        )
        return {(MessageId(row[0]), row[1]): MarkKind(row[2]) for row in rows}

    def mark(
        self, message_id: MessageId, kind: MarkKind | None, attachment_id: str = ""
    ) -> ConversationId | None:
        """Say it of a message, or of a file of one; None takes it back. Returns whose it is, None
        where it is gone.

        A question and its answers are one exchange: what is said of one replaces what was said of
        the others. A summary that holds words of what is left out now is told no more.
        """
        with self._database.transaction():
            if attachment_id:
                self._set_mark(message_id, attachment_id, kind)
            else:
                for each in self._exchange(message_id):
                    self._set_mark(each, "", None)
                self._set_mark(message_id, "", kind)
            if kind is MarkKind.LEFT_OUT:
                self._make_stale(message_id)
            rows = self._database.rows(
                "SELECT conversation_id FROM message WHERE id = ?", (message_id,)
            )
        return ConversationId(rows[0][0]) if rows else None

    def _exchange(self, message_id: MessageId) -> list[MessageId]:
        """A question with all answers to it, given any of these."""
        rows = self._database.rows(
            """WITH question(id) AS (
                SELECT CASE role WHEN 'user' THEN id ELSE parent_id END FROM message WHERE id = ?
            ) SELECT id FROM question WHERE id IS NOT NULL
            UNION SELECT message.id FROM question JOIN message ON parent_id = question.id
                WHERE role = 'assistant'
            UNION SELECT ?""",
            (message_id, message_id),
        )
        return [MessageId(row["id"]) for row in rows]

    def _set_mark(self, message_id: MessageId, attachment_id: str, kind: MarkKind | None) -> None:
        place = (message_id, attachment_id)
        if kind is None:
            self._database.execute(
                "DELETE FROM message_mark WHERE message_id = ? AND attachment_id = ?", place
            )
        else:  # from the message's row: one that is gone meanwhile is no error
            self._database.execute(
                "INSERT OR REPLACE INTO message_mark SELECT id, ?, ? FROM message WHERE id = ?",
                (attachment_id, kind.value, message_id),
            )

    def _make_stale(self, message_id: MessageId) -> None:
        """Of the summaries of its conversation: those that were written from it."""
        rows = self._database.rows(
            "SELECT id, seen_id FROM summary WHERE is_off = 0 AND conversation_id ="
            " (SELECT conversation_id FROM message WHERE id = ?)",
            (message_id,),
        )
        left_out = set(self._exchange(message_id))
        for row in rows:
            if left_out & self._above(row["seen_id"]):
                self._database.execute(
                    "UPDATE summary SET is_off = ? WHERE id = ?", (STALE, row["id"])
                )

    def shown(self, conversation_id: ConversationId) -> set[str]:
        """The messages of the branch on show, without reading their texts."""
        rows = self._database.rows(
            "SELECT head_id FROM conversation WHERE id = ?", (conversation_id,)
        )
        return self._above(rows[0]["head_id"]) if rows else set()

    def _above(self, message_id: str) -> set[str]:
        """A message and those it follows, up to the first one."""
        rows = self._database.rows(
            """WITH RECURSIVE above(id) AS (
                VALUES (?)
                UNION ALL
                SELECT parent_id FROM message JOIN above USING (id) WHERE parent_id IS NOT NULL
            ) SELECT id FROM above WHERE id IS NOT NULL""",
            (message_id,),
        )
        return {row["id"] for row in rows}

    # summaries

    def summaries(self, conversation_id: ConversationId) -> list[Summary]:
        """Of all branches, the newest first; without those that stand for something in the bin."""
        rows = self._database.rows(
            f"SELECT {SUMMARY} FROM summary WHERE conversation_id = ? AND {_NOT_BINNED}"
            " ORDER BY created_at DESC, rowid DESC",
            (conversation_id,),
        )
        return [summary_of(row) for row in rows]

    def summary(self, conversation_id: ConversationId, branch: Collection[str]) -> Summary | None:
        """The one that stands for the beginning of the branch with these messages: the newest
        whole one that is not off."""
        return next(
            (
                one
                for one in self.summaries(conversation_id)
                if one.is_whole and not one.is_off and one.is_of(branch)
            ),
            None,
        )

    def save_summary(self, summary: Summary) -> None:
        """The row of one. One whose messages are gone meanwhile is not stored."""
        self._database.execute(
            f"""INSERT INTO summary ({SUMMARY})
            SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE 2 = (
                SELECT count(*) FROM message WHERE id = ? AND conversation_id = ?)
                + (SELECT count(*) FROM message WHERE id = ? AND conversation_id = ?)
            ON CONFLICT (id) DO UPDATE SET text = excluded.text,
                through_id = excluded.through_id, seen_id = excluded.seen_id,
                is_whole = excluded.is_whole, created_at = excluded.created_at""",
            (
                summary.id,
                summary.conversation_id,
                summary.through_id,
                summary.seen_id,
                summary.text,
                summary.is_whole,
                summary.is_edited,
                STALE if summary.is_stale else int(summary.is_off),
                summary.created_at.isoformat(),
                summary.through_id,
                summary.conversation_id,
                summary.seen_id,
                summary.conversation_id,
            ),
        )

    def store_summary(self, summary: Summary) -> None:
        """Store one, or how far it got; others that were stopped in the middle go."""
        with self._database.transaction():
            self._database.execute(
                "DELETE FROM summary WHERE conversation_id = ? AND NOT is_whole AND id != ?",
                (summary.conversation_id, summary.id),
            )
            self.save_summary(summary)

    def edit_summary(self, summary_id: str, text: str) -> ConversationId | None:
        """Give it another text, by a person; returns whose it is, None if it is gone."""
        return self._change_summary(summary_id, "text = ?, is_edited = 1", text)

    def set_summary_off(self, summary_id: str, is_off: bool) -> ConversationId | None:
        """Tell it no more, or again; returns whose it is, None if it is gone."""
        return self._change_summary(summary_id, "is_off = ?", is_off)

    def _change_summary(self, summary_id: str, what: str, value: object) -> ConversationId | None:
        self._database.execute(f"UPDATE summary SET {what} WHERE id = ?", (value, summary_id))
        rows = self._database.rows(
            "SELECT conversation_id FROM summary WHERE id = ?", (summary_id,)
        )
        return ConversationId(rows[0][0]) if rows else None

    def copy(
        self,
        new_id_of: Mapping[MessageId, MessageId],
        old: ConversationId,
        new: ConversationId,
    ) -> None:
        """Marks and whole summaries of messages that were copied; belongs into a transaction."""
        for (message_id, attachment_id), kind in self.marks(old).items():
            if message_id in new_id_of:
                self._set_mark(new_id_of[message_id], attachment_id, kind)
        for one in reversed(self.summaries(old)):
            through, seen = new_id_of.get(one.through_id), new_id_of.get(one.seen_id)
            if through and seen and one.is_whole:
                copied = replace(
                    one, id=new_id(), conversation_id=new, through_id=through, seen_id=seen
                )
                self.save_summary(copied)

    # facts

    def facts(self) -> list[Fact]:
        """All, refused ones too, in the order they came."""
        return [
            fact_of(row)
            for row in self._database.rows(f"SELECT {FACT} FROM fact ORDER BY created_at, rowid")
        ]

    def kept_facts(self) -> tuple[str, ...]:
        """The texts of those that are told, in the order they came."""
        rows = self._database.rows(
            "SELECT text FROM fact WHERE state = ? ORDER BY created_at, rowid",
            (FactState.KEPT.value,),
        )
        return tuple(row["text"] for row in rows)

    def add_facts(
        self, texts: Collection[str], state: FactState, source_id: MessageId | None = None
    ) -> int:
        """Add those that are not there yet in any state; returns how many. A person who writes one
        that was proposed or refused keeps it."""
        added = 0
        with self._database.transaction():
            known = {_folded(fact.text): fact for fact in self.facts()}
            now = utc_now().isoformat()
            for text in texts:
                same = known.get(_folded(text))
                if same is None:
                    self._database.execute(
                        f"INSERT INTO fact ({FACT}) SELECT ?, ?, ?,"
                        " (SELECT id FROM message WHERE id = ?), ?, ?",
                        (new_id(), text, state.value, source_id, now, now),
                    )
                    known |= {_folded(fact.text): fact for fact in self.facts()[-1:]}
                    added += 1
                elif state is FactState.KEPT and same.state is not state:
                    self.set_fact_state(same.id, state)
                    added += 1
        return added

    def edit_fact(self, fact_id: str, text: str) -> None:
        """Give it another text."""
        self._database.execute(
            "UPDATE fact SET text = ?, changed_at = ? WHERE id = ?",
            (text, utc_now().isoformat(), fact_id),
        )

    def set_fact_state(self, fact_id: str, state: FactState) -> None:
        """Keep or refuse it."""
        self._database.execute(
            "UPDATE fact SET state = ?, changed_at = ? WHERE id = ?",
            (state.value, utc_now().isoformat(), fact_id),
        )

    def forget_lost_proposals(self) -> None:
        """Remove what was proposed from messages that are gone for good, and was not kept."""
        self._database.execute(
            "DELETE FROM fact WHERE state != ? AND source_id IS NULL", (FactState.KEPT.value,)
        )

    def delete_fact(self, fact_id: str) -> None:
        """Remove it for good."""
        self._database.execute("DELETE FROM fact WHERE id = ?", (fact_id,))


def _folded(text: str) -> str:
    """A text as it is compared with others."""
    return " ".join(text.casefold().split()).rstrip(".。!！")
