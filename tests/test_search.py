"""The search over real SQLite files: which words find what, marks, order, and a true index."""

from __future__ import annotations

import random
import re
import sqlite3
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.entities import ConversationId, Message, MessageId, Role, SearchHit, Status
from app.storage.database import open_database
from app.storage.folding import folded, folded_with_places
from app.storage.index import Index
from app.storage.search import RANKED
from app.storage.storage import Storage, open_storage
from tests.storage_samples import answered, ended

STEPS, SEEDS, KILLS = 150, 6, 8
ROOT = Path(__file__).parents[1]
# Characters as people write them, of which many change their length when they are folded
PARTS = (
    "a|é|e\u0301|o\u0323\u0302|ß|ﬁ|火|が|か\u3099|ｶﾞ|ﾊﾟ|한|\u1112\u1161\u11ab|가\u11a8|ไ|น้ำ|हि|न्दी"
    "|İ|Σ|ς|ŉ|😀|❤\ufe0f|Ⅷ|½|_|-|\u05d0\u05b7|\u0644\u064e|\u200d|Ǆ| |\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database lies."""
    return tmp_path / "conversations.sqlite3"


@pytest.fixture
def storage(path: Path) -> Iterator[Storage]:
    """An open, empty one."""
    opened = open_storage(path)
    yield opened
    opened.close()


def say(storage: Storage, text: str, title: str = "-") -> Message:
    """A conversation whose one answer says `text`."""
    turn = storage.history.begin_turn(None, "?", "", "m")
    storage.history.rename(turn.conversation.id, title)
    return ended(storage.history, turn.answer, text)


def marked(hit: SearchHit) -> list[str]:
    """The marked places of a hit."""
    return [hit.excerpt[start : start + length] for start, length in hit.marks]


# Which words find what


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        # case, accents, width, ligatures
        ("Der Weg zum Café", "cafe", ["Café"]),
        ("DER WEG ZUM CAFE", "café", ["CAFE"]),
        ("Cafe\u0301 au lait", "cafe", ["Cafe\u0301"]),
        ("Straße nach Zürich", "STRASSE zurich", ["Straße", "Zürich"]),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς", ["ΟΔΥΣΣΕΥΣ"]),
        ("İstanbul", "istanbul", ["İstanbul"]),
        ("Việt Nam", "viet", ["Việt"]),
        ("ёлка", "елка", ["ёлка"]),
        ("ＡＢＣ １２３", "abc 123", ["ＡＢＣ", "１２３"]),
        ("the ﬁle", "file", ["ﬁle"]),
        # a word that is still being typed; a word is not found by its middle or its end
        ("unbelievable", "unbel", ["unbel"]),
        ("unbelievable", "believ", None),
        ("one two", "one tw", ["one", "tw"]),
        ("one two", "on two", None),
        # all the words, in any order and in any distance
        ("alpha beta gamma", "gamma alpha", ["alpha", "gamma"]),
        ("alpha beta gamma", "alpha delta", None),
        # words in quotes stand together
        ("alpha beta gamma", '"alpha beta"', ["alpha beta"]),
        ("alpha beta gamma", '"beta alpha"', None),
        ("alpha beta gamma", '"alpha gamma"', None),
        ("alpha beta gamma", "“beta gamma”", ["beta gamma"]),
        ("alpha, **beta**", '"alpha beta"', ["alpha, beta"]),
        ("alphabet", '"alpha"', None),
        ("alpha betamax", '"alpha bet', ["alpha bet"]),
        # program text
        ("def my_long_name(x):", "my_long_name", ["my_long_name"]),
        ("def my_long_name(x):", "long", ["long"]),
        ("version 3.11.7", "3.11", ["3.11"]),
        ("user@example.org", "example", ["example"]),
        ("x = {}\n\n```py\nprint(1)\n```", "print", ["print"]),
        # no spaces: any characters in a row
        ("你好,世界", "世界", ["世界"]),
        ("你好,世界", "世", ["世"]),
        ("人工智能模型", "智能", ["智能"]),
        ("人工智能模型", "能智", None),
        ("人工智能模型", "人工 模型", ["人工", "模型"]),
        ("使用llama模型", "llama", ["llama"]),
        ("使用llama模型", "用llama模", ["用llama模"]),
        ("人工、智能", "人工智能", ["人工、智能"]),
        ("日本語のテストです", "テスト", ["テスト"]),
        ("日本語のテストです", "の", ["の"]),
        ("ﾃｽﾄ", "テスト", ["ﾃｽﾄ"]),
        ("が", "が", ["が"]),
        ("か", "が", None),
        ("한국어를 배운다", "국어", ["국어"]),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국", ["\u1112\u1161\u11ab\u1100\u116e\u11a8"]),
        ("ภาษาไทยไม่มีช่องว่าง", "ไทย", ["ไทย"]),
        ("𠮷野家", "𠮷", ["𠮷"]),
        # other scripts
        ("हिन्दी में लिखो", "हिन्दी", ["हिन्दी"]),
        ("हिन्दी में लिखो", "हिन", ["हिन्"]),
        ("السَّلامُ عليكم", "السلام", ["السَّلامُ"]),
        ("שָׁלוֹם", "שלום", ["שָׁלוֹם"]),
        # what is no word
        ("it works 😀!", "😀", ["😀"]),
        ("it costs 5 €", "€", ["€"]),
        ("❤\ufe0f you", "❤", ["❤\ufe0f"]),
        ("co\u00adop", "coop", ["co\u00adop"]),
        ("a\0b", "b", ["b"]),
        ("<think>a secret plan</think> Yes.", "secret", ["secret"]),
    ],
)
def test_words_find_a_text(
    storage: Storage, text: str, query: str, found: list[str] | None
) -> None:
    message = say(storage, text)
    say(storage, "something else")
    hits = storage.search.find(query)
    assert [hit.message_id for hit in hits] == ([] if found is None else [message.id])
    if found is not None:
        assert marked(hits[0]) == found
        assert hits[0].role is Role.ASSISTANT


@pytest.mark.parametrize(
    "query",
    [
        "",
        " \n\t",
        '"',
        '""',
        '"" "',
        "*",
        "^",
        "-",
        "+",
        "()",
        "NEAR(",
        "NEAR(a b, 2)",
        "a AND",
        "AND OR NOT",
        "a OR b",
        "NOT a",
        "title:x",
        "text : x",
        "{a b}: c",
        "a*b*",
        "a^b",
        "'; DROP TABLE message; --",
        "\0",
        "a\0b",
        "\ufeff\u200b",
        "\U0010ffff",
        "%s {x} \\ /",
        "😀" * 50,
        "x" * 10_000,
        "x " * 10_000,
        '"' * 10_000,
        '"x' * 5_000,
        "火" * 10_000,
        "e\u0301" * 5_000,
        "١٢٣ ² ½ Ⅷ",
    ],
)
def test_whatever_is_typed_is_no_error(storage: Storage, query: str) -> None:
    say(storage, "plain")
    assert storage.search.find(query) == []
    if len(query) < 1000:  # and it finds itself, if there is any word in it
        message = say(storage, query)
        again = storage.search.find(query.replace('"', " "))
        has_words = re.search(r"[^\W_]|😀", query) is not None
        assert [hit.message_id for hit in again] == ([message.id] if has_words else [])


def test_words_of_a_question_have_no_meaning_of_their_own(storage: Storage) -> None:
    say(storage, "alpha")
    both = say(storage, "alpha or beta")
    assert [hit.message_id for hit in storage.search.find("alpha OR beta")] == [both.id]
    assert storage.search.find("alpha NOT beta") == []


def test_a_long_text_is_found_by_its_whole(storage: Storage) -> None:
    text = "".join(chr(0x4E00 + number * 7) for number in range(1500))
    message = say(storage, text)
    (hit,) = storage.search.find(text)
    assert hit.message_id == message.id


# What a hit looks like


def test_titles_come_first_then_messages(storage: Storage) -> None:
    message = say(storage, "bread and bread and bread", title="Baking")
    titled = say(storage, "nothing", title="About Bread")
    title, text = storage.search.find("bread")
    assert (title.conversation_id, title.message_id, title.role) == (
        titled.conversation_id,
        None,
        None,
    )
    assert (title.excerpt, title.marks) == ("About Bread", ((6, 5),))
    assert title.created_at == storage.history.conversation(titled.conversation_id).updated_at
    assert (text.message_id, text.title) == (message.id, "Baking")
    assert text.created_at == message.created_at
    assert marked(text) == ["bread"] * 3


def test_what_says_it_more_often_comes_first_then_what_is_newer(storage: Storage) -> None:
    first = say(storage, "bread is one of many words that stand in this text about things")
    twin = say(storage, "bread is one of many words that stand in this text about things")
    best = say(storage, "bread bread bread")
    found = [hit.message_id for hit in storage.search.find("bread")]
    assert found == [best.id, twin.id, first.id]


def test_of_very_many_the_newest_are_found(storage: Storage) -> None:
    turn = storage.history.begin_turn(None, "?", "", "m")
    whole = [
        replace(turn.question, id=MessageId(f"m{number}"), content=f"common word {number}")
        for number in range(RANKED + 50)
    ]
    storage.history.add_whole(turn.conversation, whole, {})
    newest = say(storage, "the most common of all")
    found = storage.search.find("common")
    assert len(found) == 100
    assert found[0].message_id == newest.id
    assert [hit.message_id for hit in storage.search.find("common word 17 common")] == ["m17"]


def test_titles_leave_room_for_messages(storage: Storage) -> None:
    for number in range(20):
        say(storage, "apple", title=f"Apple {number}")
    found = storage.search.find("apple", limit=10)
    assert [hit.message_id is None for hit in found] == [True] * 5 + [False] * 5
    assert storage.search.find("apple", limit=0) == []
    titles_only = storage.search.find("apple 1", limit=30)
    assert len(titles_only) == 11


def test_an_excerpt_reads_without_marks_of_markdown_and_reasoning(storage: Storage) -> None:
    say(storage, "<think>one **loaf**</think>\n\n## Bread\n- [x] feed `it`")
    (hit,) = storage.search.find("feed")
    assert hit.excerpt == "one loaf Bread feed it"
    assert marked(hit) == ["feed"]


def test_an_excerpt_is_one_line_around_the_first_hit(storage: Storage) -> None:
    text = "lead\n\n" * 400 + "before it, a needle\n\n\tin the hay" + " tail" * 400
    say(storage, text)
    (hit,) = storage.search.find("needle hay")
    assert "before it, a needle in the hay tail" in hit.excerpt
    assert "\n" not in hit.excerpt
    assert (hit.excerpt[0], hit.excerpt[-1]) == ("…", "…")
    assert len(hit.excerpt) < 300
    assert marked(hit) == ["needle", "hay"]


@pytest.mark.parametrize("filler", ["ﬁﬃ ", "Ünïcödé ", "火曜日。", "ß ", "한국어 ", "e\u0301 "])
def test_marks_are_right_where_folding_changes_the_length(storage: Storage, filler: str) -> None:
    say(storage, filler * 900 + "Nädel İm Heu " + filler * 900)
    (hit,) = storage.search.find("nadel im")
    assert marked(hit) == ["Nädel", "İm"]


def test_folding_in_parts_is_folding_the_whole() -> None:
    """Otherwise marks would stand beside their words."""
    dice = random.Random(20261126)
    for _ in range(2000):
        text = "".join(dice.choices(PARTS.split("|"), k=dice.randint(0, 12)))
        whole, places = folded_with_places(text)
        assert whole == folded(text), ascii(text)
        assert len(places) == len(whole)
        assert all(0 <= start < end <= len(text) for start, end in places)
        assert [start for start, _ in places] == sorted(start for start, _ in places)


# When


def test_an_answer_is_found_when_it_has_ended(storage: Storage) -> None:
    turn = storage.history.begin_turn(None, "question", "", "m")
    storage.history.save_text(turn.answer.id, "growing")
    assert storage.search.find("growing") == []
    ended(storage.history, turn.answer, "growing older")
    assert len(storage.search.find("growing")) == 1
    ended(storage.history, turn.answer, "rewritten")  # said twice at the end of the app
    assert storage.search.find("growing") == []
    assert len(storage.search.find("rewritten")) == 1
    cut = storage.history.begin_continuation(turn.answer, "m")
    storage.history.save_text(cut.id, "orphan")
    assert storage.search.find("orphan") == []
    storage.history.heal()
    assert [hit.message_id for hit in storage.search.find("orphan")] == [cut.id]


def test_a_new_name_is_found_and_the_old_one_no_longer(storage: Storage) -> None:
    conversation = answered(storage.history, None, "old")
    storage.history.rename(conversation, "new")
    assert [hit.message_id is None for hit in storage.search.find("new")] == [True]
    assert [hit.message_id is None for hit in storage.search.find("old")] == [False, False]


def test_the_bin_is_not_searched_and_the_archive_is(storage: Storage) -> None:
    conversation = answered(storage.history, None, "needle")
    question, answer = storage.history.branch(conversation)
    storage.organiser.archive([conversation], True)
    assert [hit.is_archived for hit in storage.search.find("needle")] == [True] * 3
    storage.organiser.archive([conversation], False)
    assert [hit.is_archived for hit in storage.search.find("needle")] == [False] * 3
    storage.bin.delete_message(answer.id)
    found = [hit.message_id for hit in storage.search.find("needle")]
    assert found == [None, question.id]
    storage.bin.delete([conversation])
    assert storage.search.find("needle") == []
    storage.bin.restore(conversation, answer.id)
    assert len(storage.search.find("needle")) == 3
    storage.bin.erase(conversation)
    assert storage.search.find("needle") == []


def test_another_window_sees_it_at_once(storage: Storage, path: Path) -> None:
    say(storage, "needle")
    other = open_storage(path)
    assert len(other.search.find("needle")) == 1
    other.close()


# The index stays true


def plain_words(text: str) -> list[str]:
    """Another way to the words of the texts below: what SQLite and `folding` do, slowly."""
    text = unicodedata.normalize("NFD", text.lower())
    text = "".join(c for c in text if not unicodedata.combining(c))
    return re.findall(r"[a-z]+|[\u4e00-\u9fff]", text)


def has_all(text: str, query: str) -> bool:
    """Whether `text` has all the words of `query`, the last one perhaps only begun."""
    inside, wanted = plain_words(text), query.split()
    for place, piece in enumerate(wanted):
        row = plain_words(piece)
        is_open = place == len(wanted) - 1
        spans = (inside[at : at + len(row)] for at in range(len(inside) - len(row) + 1))
        if not any(
            span[:-1] == row[:-1]
            and (span[-1].startswith(row[-1]) if is_open else span[-1] == row[-1])
            for span in spans
        ):
            return False
    return True


def scanned(storage: Storage, query: str) -> set[tuple[str, str | None]]:
    """What a reader of all texts would find."""
    found: set[tuple[str, str | None]] = set()
    for conversation in storage.history.conversations():
        if has_all(conversation.title, query):
            found.add((conversation.id, None))
        found |= {
            (conversation.id, message.id)
            for message in storage.history.whole(conversation.id)
            if message.status is not Status.STREAMING and has_all(message.content, query)
        }
    return found


def postings(path: Path) -> set[tuple[object, ...]]:
    """All that the index holds: word, conversation, message, place. Read without Inglenook."""
    connection = sqlite3.connect(path)
    found: set[tuple[object, ...]] = set()
    for name in ("search_title", "search_message"):
        connection.execute(f"INSERT INTO {name} ({name}) VALUES ('integrity-check')")
        connection.execute(
            f"CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, {name}, instance)"
        )
        found |= set(
            connection.execute(
                "SELECT term, conversation_id, message_id, offset, doc = search_document.id"
                " FROM temp.words LEFT JOIN search_document ON search_document.id = doc"
            )
        )
        connection.execute("DROP TABLE temp.words")
    connection.close()
    return found


WORDS = ["red", "Réd", "green", "grün", "红", "绿色", "blue", "bluer", "蓝天", "yellow"]
QUERIES = ("re", "red", "gr", "grun", "红", "色", "绿色", "天 蓝", "blue", "bl green", "y 红")


class Person:
    """Does at random what a window lets a person do."""

    def __init__(self, storage: Storage, seed: int) -> None:
        self.storage = storage
        self.dice = random.Random(seed)
        self.writing: list[Message] = []

    def text(self) -> str:
        return " ".join(self.dice.choices(WORDS, k=self.dice.randint(0, 4)))

    def step(self) -> None:
        storage, dice = self.storage, self.dice
        conversations = storage.history.conversations()
        if not conversations or dice.random() < 0.1:
            self.writing.append(storage.history.begin_turn(None, self.text(), "", "m").answer)
            return
        here = dice.choice(conversations).id
        messages = storage.history.whole(here)
        wishes: list[tuple[int, Callable[[], object]]] = [
            (8, lambda: self.turn(here)),
            (8, self.finish),
            (4, self.save),
            (1, storage.history.heal),
            (3, lambda: storage.history.rename(here, self.text())),
            (2, lambda: storage.bin.delete([here])),
            (4, self.restore),
            (1, self.erase),
            (1, lambda: storage.bin.purge(-1) if dice.random() < 0.3 else 0),
            (1, lambda: self.copy(here, messages)),
        ]
        if messages:
            message = dice.choice(messages)
            wishes += [
                (6, lambda: self.branch_off(message)),
                (4, lambda: storage.bin.delete_message(message.id)),
                (2, lambda: storage.history.choose(message.id)),
                (1, lambda: storage.history.fork(message.id, self.text())),
            ]
        weights, actions = zip(*wishes, strict=True)
        dice.choices(actions, weights)[0]()

    def turn(self, here: ConversationId) -> None:
        self.writing.append(self.storage.history.begin_turn(here, self.text(), "", "m").answer)

    def finish(self) -> None:
        if self.writing:
            answer = self.writing.pop(self.dice.randrange(len(self.writing)))
            ended(self.storage.history, answer, self.text())

    def save(self) -> None:
        if self.writing:
            self.storage.history.save_text(self.dice.choice(self.writing).id, self.text())

    def restore(self) -> None:
        items = self.storage.bin.items()
        if items:
            item = self.dice.choice(items)
            self.storage.bin.restore(item.conversation_id, item.message_id)

    def erase(self) -> None:
        items = self.storage.bin.items()
        if items:
            item = self.dice.choice(items)
            self.storage.bin.erase(item.conversation_id, item.message_id)

    def copy(self, here: ConversationId, messages: Sequence[Message]) -> None:
        self.storage.history.add_whole(self.storage.history.conversation(here), messages, {})

    def branch_off(self, message: Message) -> None:
        history = self.storage.history
        if message.role is Role.USER and self.dice.random() < 0.5:
            self.writing.append(history.begin_answer(message, "m"))
        elif message.role is Role.ASSISTANT and self.dice.random() < 0.3:
            self.writing.append(history.begin_continuation(message, "m"))
        else:
            history.add_edited(message, self.text())


@pytest.mark.parametrize("seed", range(SEEDS))
def test_after_anything_the_index_says_what_the_texts_say(
    storage: Storage, path: Path, tmp_path: Path, seed: int
) -> None:
    person = Person(storage, seed)
    most = 0
    for number in range(STEPS):
        person.step()
        if number % 10:
            continue
        for query in QUERIES:
            hits = storage.search.find(query, limit=RANKED)
            found = [(hit.conversation_id, hit.message_id) for hit in hits]
            assert len(found) == len(set(found))
            assert set(found) == scanned(storage, query), query
            assert all(hit.marks for hit in hits)
            most = max(most, len(found))
    assert most > 10  # the dice were worth it
    before = postings(path)
    assert len(before) > 50
    assert all(is_known for *_, is_known in before)
    database = open_database(path)
    Index(database).rebuild()
    database.close()
    assert postings(path) == before


WRITER = """
import itertools, sys
from pathlib import Path
from app.storage.storage import open_storage
from tests.storage_samples import answered
storage = open_storage(Path(sys.argv[1]))
storage.history.heal()
for number in itertools.count(int(sys.argv[2])):
    one = answered(storage.history, None, f"needle{number}")
    question, answer = storage.history.branch(one)
    storage.history.add_edited(question, f"other needle{number}")
    storage.bin.delete_message(answer.id)
    storage.bin.restore(one, answer.id)
    storage.bin.erase(storage.history.fork(answer.id, "copy").id)
    storage.history.rename(one, f"called needle{number}")
    print(number, flush=True)
"""


def test_a_kill_at_any_moment_leaves_the_index_true(path: Path) -> None:
    dice = random.Random(20261126)
    done: list[int] = []
    for kill in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(kill * 10_000)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(dice.uniform(0, 0.3))
        process.kill()
        done += map(int, [first, *process.stdout.read().splitlines()])
        process.wait()
        process.stdout.close()
    assert len(done) > KILLS
    storage = open_storage(path)
    storage.history.heal()
    for number in done:
        assert len(storage.search.find(f'"needle{number}"')) == 4, number
    storage.close()
    before = postings(path)
    database = open_database(path)
    Index(database).rebuild()
    database.close()
    assert postings(path) == before


def damage_index(path: Path) -> None:
    """What its words lie in is lost; the conversations are whole."""
    connection = sqlite3.connect(path)
    lost = connection.execute("DELETE FROM search_message_data WHERE id > 10").rowcount
    connection.commit()
    connection.close()
    assert lost > 0


def test_a_damaged_index_is_made_anew(storage: Storage, path: Path) -> None:
    for number in range(30):
        say(storage, f"needle {number}")
    damage_index(path)
    last = say(storage, "needle at last")
    assert len(storage.search.find("needle")) == 31
    assert storage.history.branch(last.conversation_id)[1].content == "needle at last"
    damage_index(path)
    assert len(storage.search.find("needle")) == 31
    damage_index(path)
    storage.bin.erase(last.conversation_id)
    assert len(storage.search.find("needle")) == 30
    assert all(is_known for *_, is_known in postings(path))
