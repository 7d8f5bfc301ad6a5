"""The conversation that one window shows: sending, and having the model answer again or go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.core.beginning import Beginning
from app.core.entities import Attachment, Message, MessageId, Role
from app.core.errors import Problem
from app.services.branches import Branches
from app.services.requests import Asked, asked
from app.storage.history import Turn
from app.storage.storage import Storage

__all__ = ["Beginning", "Chat"]


class Chat(Branches):
    """One open conversation; main thread only. `close` it with its window."""

    def send(
        self,
        text: str,
        attachments: Sequence[Attachment] = (),
        *,
        lead: Sequence[tuple[str, str]] = (),
        system: str = "",
    ) -> None:
        """Store `text` with an empty answer, then ask the model; refused while one is answering.

        `lead` are messages, as (role, text), that stand before it. `system` goes before the text;
        in a new conversation it is the system prompt, after that of the assistant.
        """
        text = text.strip()
        if not (text or attachments) or self.is_answering:
            return
        conversation_id, beginning = self.open_conversation_id, self.beginning
        model, words, before = self._answers.model_name, text, tuple(lead)
        if conversation_id is None:
            model, before = model or beginning.model, (*beginning.lead, *before)
            system = self._first_words(beginning.system, system)
        elif system.strip():
            words = f"{system.strip()}\n\n{text}"
        ids = [attachment.id for attachment in attachments]
        # not the head on the disk: another window may show another branch, and so may an undo
        last = self._branch[-1].id if self._branch else None

        def begin(storage: Storage) -> Turn:
            return storage.history.begin_turn(
                conversation_id,
                words,
                system,
                model,
                after=last,
                attachments=ids,
                beginning=beginning,
                lead=before,
            )

        self._send(begin, text)

    def edit(
        self, message_id: MessageId, text: str, attachments: Sequence[Attachment] = ()
    ) -> None:
        """Another version of a message beside the old one; a question is asked again.

        `message_accepted` is told when it is on the disk; not if it is refused: while an answer is
        written, without contents, or for a message that is not on show any more.
        """
        message = self._find(message_id)
        if message is None or self.is_answering or not (text.strip() or attachments):
            return
        ids = [attachment.id for attachment in attachments]
        if message.role is Role.ASSISTANT:
            self._store_edited(message, text, ids)
            return
        model = self._answers.model_name

        def begin(storage: Storage) -> Turn:
            return storage.history.begin_turn(
                message.conversation_id,
                text.strip(),
                "",
                model,
                after=message.parent_id,
                attachments=ids,
            )

        self._send(begin, text, keeps=message.parent_id)

    def try_again(self) -> None:
        """Another answer to the last question, beside the one that is there."""
        last = self._branch[-1] if self._branch else None
        if last is not None:
            self.regenerate(last.id)

    def regenerate(self, message_id: MessageId) -> None:
        """Another answer beside this one; of a question: another answer to it."""
        question = self._find(message_id)
        while question is not None and question.role is Role.ASSISTANT:
            question = self._find(question.parent_id)
        if question is None:
            return
        to, model = question, self._answers.model_name
        self._answer_anew(to, lambda s: s.history.begin_answer(to, model))

    def continue_answer(self, message_id: MessageId) -> None:
        """Have an answer that was cut short go on where it ends, as a branch of its own."""
        answer, model = self._find(message_id), self._answers.model_name
        if answer is None or answer.role is not Role.ASSISTANT or answer.parent_id is None:
            return
        question = self._find(answer.parent_id)
        cut = answer
        if question is not None:
            self._answer_anew(
                question, lambda s: s.history.begin_continuation(cut, model), cut.content
            )

    # inside

    def _first_words(self, assistant: str | None, prompt: str) -> str:
        """The system prompt of a new conversation: an assistant's, a prompt's, or the settings'."""
        given = [words for words in (assistant, prompt) if words and words.strip()]
        if assistant is None and not given:
            return self._settings().system_prompt
        return "\n\n".join(given)

    def _send(
        self, begin: Callable[[Storage], Turn], text: str, keeps: MessageId | None = None
    ) -> None:
        conversation_id, times_shown = self.open_conversation_id, self._times_shown
        self._is_sending = True
        settings, context = self._settings(), self._answers.context

        def work(storage: Storage) -> tuple[Turn, list[Message], Asked]:
            turn = begin(storage)
            branch = storage.history.branch(turn.conversation.id)
            found = asked(storage, turn.conversation, branch[:-1], settings, context)
            return turn, branch, found

        def done(result: tuple[Turn, list[Message], Asked]) -> None:
            turn, branch, found = result
            self._is_sending = False
            # nothing else was opened meanwhile, another new conversation neither
            is_shown = self.open_conversation_id == conversation_id and (
                conversation_id is not None or self._times_shown == times_shown
            )
            known = len(self._branch)
            is_longer = [m.id for m in self._branch] == [m.id for m in branch[:known]]
            if is_shown:
                self.open_conversation_id = turn.conversation.id
                self._branch = [self._answers.as_it_is(m) for m in branch]
                self.begin_with(Beginning())
            self._tell(lambda li: li.message_accepted(turn.conversation.id, text))
            if is_shown and is_longer:
                for message in branch[known:]:
                    self._tell(lambda li, m=message: li.message_added(m))  # type: ignore[misc]
            elif is_shown:
                self._tell(lambda li: li.branch_changed(list(self._branch), keeps))
            self._ask(found, turn.answer)

        if not self._conversations.run(work, done, self._not_sent):
            self._is_sending = False

    def _answer_anew(
        self, question: Message, begin: Callable[[Storage], Message], continues: str = ""
    ) -> None:
        if self.is_answering:
            return
        self._is_sending = True
        conversation_id = question.conversation_id

        settings, context = self._settings(), self._answers.context

        def work(storage: Storage) -> tuple[list[Message], Asked, Message]:
            answer = begin(storage)
            branch = storage.history.branch(conversation_id)
            conversation = storage.history.conversation(conversation_id)
            found = asked(storage, conversation, branch[:-1], settings, context)
            return branch, found, answer

        def done(result: tuple[list[Message], Asked, Message]) -> None:
            branch, found, answer = result
            self._is_sending = False
            if self.open_conversation_id == conversation_id:
                self._branch = [self._answers.as_it_is(m) for m in branch]
                self._tell(lambda li: li.branch_changed(list(self._branch), question.id))
            self._ask(found, answer, continues)

        if not self._conversations.run(work, done, self._not_sent):
            self._is_sending = False

    def _ask(self, found: Asked, answer: Message, continues: str = "") -> None:
        self._conversations.refresh()
        self._answers.ask(found, answer, continues)
        if self._is_stop_wanted:
            self._is_stop_wanted = False
            self._answers.stop(answer.conversation_id)
        self._tell(lambda li: li.answering_changed())

    def _not_sent(self, problem: Problem) -> None:
        self._is_sending = self._is_stop_wanted = False
        self._tell(lambda li: li.problem_occurred(problem))
        self._tell(lambda li: li.answering_changed())
