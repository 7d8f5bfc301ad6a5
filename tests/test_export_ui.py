"""The dialogs for exporting and importing, PDF files and printing, as a person meets them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter, QTextDocument
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.core.entities import ConversationId
from app.core.errors import Cancelled, ExportFailed
from app.exchange.as_html import to_print
from app.exchange.records import Record, Words
from app.services.exchange import ExchangeService
from app.services.exchange_files import Format
from app.storage.storage import Storage, open_storage
from app.ui.bridge import QtScheduler
from app.ui.exchange_control import ExchangeControl
from app.ui.export_dialog import ExportDialog
from app.ui.import_dialog import ImportDialog
from app.ui.printing import PAGE_DOTS, Sheets, make_pdf, new_printer
from app.ui.theme import Theme
from tests.exchange_samples import PNG, a_record, message

SAMPLES = Path(__file__).parent / "data" / "exchange"
PATIENCE_MS = 60_000


class Bench:
    """The control over a storage with two conversations, and what it says."""

    def __init__(self, qtbot: QtBot, qapp: QApplication, folder: Path) -> None:
        self.qtbot = qtbot
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.storage: Storage = open_storage(folder / "conversations.sqlite3")
        for title, letter in (("Bees", "c"), ("Wasps", "d")):
            record = a_record(title)
            conversation = replace(record.conversation, id=ConversationId(letter * 16))
            self.storage.history.add_whole(conversation, record.messages, record.data)
        self.scheduler = QtScheduler()
        self.service = ExchangeService(lambda: self.storage, self.scheduler, make_pdf)
        self.control = ExchangeControl(
            self.window,
            Theme(qapp),
            self.service,
            self.scheduler,
            lambda: self.storage.history.conversations(),
        )
        self.said: list[str] = []
        self.problems: list[str] = []
        self.times_imported: list[bool] = []
        self.control.said.connect(lambda words, _path: self.said.append(words))
        self.control.problem_occurred.connect(lambda problem: self.problems.append(problem.code))
        self.control.imported.connect(lambda: self.times_imported.append(True))

    def exporting(self, *ids: str) -> ExportDialog:
        self.control.export_requested(list(ids))
        assert self.control.export_dialog is not None
        return self.control.export_dialog

    def importing(self) -> ImportDialog:
        self.control.open_import()
        assert self.control.import_dialog is not None
        return self.control.import_dialog

    def until_said(self, label: QLabel) -> str:
        self.qtbot.waitUntil(lambda: not label.isHidden(), timeout=PATIENCE_MS)
        return label.text().replace("\u200b", "")


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(qtbot, qapp, tmp_path)
    yield made
    made.control.stop()
    made.scheduler.drain(10)
    made.scheduler.close()
    made.storage.close()


def pick(bench: Bench, dialog: QWidget, path: Path) -> None:
    """Choose a file in the dialog that is open."""
    (chooser,) = dialog.findChildren(QFileDialog)
    chooser.fileSelected.emit(str(path))
    chooser.filesSelected.emit([str(path)])
    chooser.close()
    bench.qtbot.waitUntil(lambda: not dialog.findChildren(QFileDialog), timeout=PATIENCE_MS)


# exporting


@pytest.mark.parametrize("kind", list(Format))
def test_a_conversation_is_exported_in_each_format(
    bench: Bench, tmp_path: Path, kind: Format
) -> None:
    dialog = bench.exporting("c" * 16)
    assert dialog.isVisible()
    assert not dialog.isModal()
    assert "Bees" in dialog.scopes["these"].text()
    dialog.formats[kind].click()
    assert dialog.reasoning.isEnabled() is not kind.is_whole
    bench.qtbot.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
    (chooser,) = dialog.findChildren(QFileDialog)
    assert Path(chooser.selectedFiles()[0]).name == f"Bees{kind.ending}"
    target = tmp_path / f"out{kind.ending}"
    pick(bench, dialog, target)
    assert "1 conversation" in bench.until_said(dialog.outcome)
    assert str(target) in dialog.outcome.text().replace("\u200b", "")
    assert target.stat().st_size > 300
    assert dialog.show_folder.isVisible()
    shown: list[Path] = []
    dialog.folder_requested.disconnect()
    dialog.folder_requested.connect(shown.append)
    dialog.show_folder.click()
    assert shown == [target]


def test_all_are_exported_into_a_folder(bench: Bench, tmp_path: Path) -> None:
    dialog = bench.exporting()
    assert not dialog.scopes["these"].isVisible()
    assert dialog.ids == ["d" * 16, "c" * 16] or dialog.ids == ["c" * 16, "d" * 16]
    dialog.reasoning.click()
    dialog.export.click()
    pick(bench, dialog, tmp_path / "out")
    assert "2 conversations" in bench.until_said(dialog.outcome)
    files = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in files] == ["Bees.md", "Wasps.md"]
    assert "Stripes" not in files[0].read_text(encoding="utf-8")


def test_why_an_export_failed_is_said(bench: Bench, tmp_path: Path) -> None:
    dialog = bench.exporting("c" * 16)
    dialog.export.click()
    pick(bench, dialog, tmp_path / "no such folder" / "out.md")
    words = bench.until_said(dialog.outcome)
    assert ExportFailed.summary.split("{")[0] in words
    assert dialog.outcome.property("role") == "bad"
    assert not dialog.show_folder.isVisible()
    assert dialog.export.isEnabled()


def test_a_closed_dialog_leaves_the_news_to_the_window(bench: Bench, tmp_path: Path) -> None:
    dialog = bench.exporting("c" * 16)
    dialog.export.click()
    dialog.close()
    (chooser,) = dialog.findChildren(QFileDialog)
    chooser.fileSelected.emit(str(tmp_path / "out.md"))
    bench.qtbot.waitUntil(lambda: bool(bench.said), timeout=PATIENCE_MS)
    assert "out.md" in bench.said[0]


def test_cancel_ends_an_export(bench: Bench, tmp_path: Path) -> None:
    dialog = bench.exporting()
    dialog.formats[Format.ARCHIVE].click()
    dialog.export.click()
    (chooser,) = dialog.findChildren(QFileDialog)
    chooser.fileSelected.emit(str(tmp_path / "all.zip"))
    dialog.underway.cancel.click()
    assert "Cancelled" in bench.until_said(dialog.outcome)
    assert not (tmp_path / "all.zip").exists()


# importing


def test_what_would_come_in_is_shown_before_it_does(bench: Bench) -> None:
    dialog = bench.importing()
    dialog.files.click()
    pick(bench, dialog, SAMPLES / "chatgpt" / "conversations.json")
    bench.qtbot.waitUntil(dialog.found.isVisible, timeout=PATIENCE_MS)
    assert dialog.counts.text() == "ChatGPT: 2 conversations"
    assert len(bench.storage.history.conversations()) == 2
    dialog.agree.click()
    assert bench.until_said(dialog.outcome) == "Imported 2 conversations."
    assert bench.times_imported == [True]
    titles = {conversation.title for conversation in bench.storage.history.conversations()}
    assert titles == {"Bees", "Wasps", "Bees in the garden", "Hello"}


def test_what_is_here_already_and_what_is_broken_is_said(bench: Bench, tmp_path: Path) -> None:
    good = json.loads((SAMPLES / "chatgpt" / "conversations.json").read_text())
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps(good)[:-700])
    dialog = bench.importing()
    for words in ("Imported 1 conversation.", "Imported 0 conversations. Already here: 1."):
        dialog.paths_chosen.emit([path])
        bench.qtbot.waitUntil(dialog.found.isVisible, timeout=PATIENCE_MS)
        dialog.agree.click()
        assert bench.until_said(dialog.outcome) == f"{words} Could not be read: 1."
        assert dialog.details.toPlainText().startswith("ChatGPT: ")


def test_other_programs_on_this_computer_are_offered(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ".lmstudio" / "conversations"
    folder.mkdir(parents=True)
    sample = SAMPLES / "lm-studio" / "conversations" / "1750000000000.conversation.json"
    (folder / sample.name).write_bytes(sample.read_bytes())
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    dialog = bench.importing()
    bench.qtbot.waitUntil(lambda: "LM Studio" in dialog.place_buttons, timeout=PATIENCE_MS)
    dialog.place_buttons["LM Studio"].click()
    bench.qtbot.waitUntil(dialog.found.isVisible, timeout=PATIENCE_MS)
    assert dialog.counts.text() == "LM Studio: 1 conversation"


def test_a_file_with_nothing_in_it_is_said(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text('{"a": 1}')
    dialog = bench.importing()
    dialog.paths_chosen.emit([tmp_path / "notes.json"])
    assert "No conversations were found in notes.json." in bench.until_said(dialog.outcome)
    assert dialog.outcome.property("role") == "bad"
    assert dialog.files.isEnabled()


@pytest.mark.parametrize("name", ["export", "import"])
def test_every_control_has_a_name_and_fits(bench: Bench, name: str) -> None:
    dialog = bench.exporting("c" * 16) if name == "export" else bench.importing()
    dialog.resize(360, dialog.height())
    for button in dialog.findChildren(QWidget):
        if button.focusPolicy() & Qt.FocusPolicy.TabFocus and button.isVisible():
            text = getattr(button, "text", lambda: "")()
            assert text or button.accessibleName()
    assert dialog.minimumSizeHint().width() <= 640


# PDF and paper


def long_record(count: int = 40) -> Record:
    """Some pages of everything."""
    text = (
        "## Title\n\nWords 中文字 $x^2$ and\n\n|a|b|\n|-|-|\n|1|2|\n\n```python\nx = 1\n```\n\n"
        "$$\\frac{a}{b}$$\n\n- one\n  - two\n"
    )
    record = a_record("Long")
    messages = [*record.messages[:1]]
    for number in range(2, count):
        messages.append(message(number, number - 1, text, is_answer=number % 2 == 0))
    conversation = replace(record.conversation, head_id=messages[-1].id)
    return replace(record, conversation=conversation, messages=tuple(messages))


def test_a_pdf_is_made_off_the_main_thread(
    qapp: QApplication, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "out.pdf"
    page = to_print(long_record(), Words())
    thread = threading.Thread(target=make_pdf, args=(page, path, Words()))
    thread.start()
    thread.join(60)
    data = path.read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert data.count(b"/Type /Page\n") > 3
    assert "QBasicTimer" not in capfd.readouterr().err


def test_a_pdf_that_cannot_be_written_is_an_error(tmp_path: Path, qapp: QApplication) -> None:
    with pytest.raises(OSError, match="no such"):
        make_pdf(to_print(a_record(), Words()), tmp_path / "no such" / "out.pdf", Words())


def test_a_pdf_can_be_called_off(tmp_path: Path, qapp: QApplication) -> None:
    asked = iter([False] * 20 + [True])
    with pytest.raises(Cancelled):
        make_pdf(
            to_print(long_record(), Words()), tmp_path / "out.pdf", Words(), lambda: next(asked)
        )


def test_a_very_long_one_has_all_its_pages(printer: QPrinter, qapp: QApplication) -> None:
    sheets = Sheets(to_print(long_record(250), Words()), Words(), printer)
    assert len(sheets.documents) == 3
    text = "".join(document.toPlainText() for document in sheets.documents)
    assert text.count("Words 中文字") == 248
    assert sheets.count == sum(document.pageCount() for document in sheets.documents)


@pytest.fixture
def printer(tmp_path: Path) -> QPrinter:
    made = new_printer()
    made.setOutputFileName(str(tmp_path / "paper.pdf"))
    return made


def test_pages_have_their_text_number_and_title(qapp: QApplication, printer: QPrinter) -> None:
    sheets = Sheets(to_print(long_record(), Words()), Words(), printer)
    assert sheets.count > 2
    (document,) = sheets.documents
    text = document.toPlainText()
    assert text.count("Words 中文字") == 38
    dots = printer.logicalDpiX()
    size = printer.pageLayout().paintRectPixels(dots).size()
    image = QImage(size, QImage.Format.Format_Grayscale8)
    image.setDotsPerMeterX(round(dots / 0.0254))
    image.setDotsPerMeterY(round(dots / 0.0254))
    image.fill(255)
    painter = QPainter(image)
    sheets.paint(painter, 1)
    painter.end()
    line = dots // 6
    assert has_ink(image, 0, line), "the title"
    assert has_ink(image, size.height() - line, size.height()), "the number"
    assert has_ink(image, size.height() // 3, size.height() // 2), "the text"


def has_ink(image: QImage, top: int, bottom: int) -> bool:
    """Whether something dark is between two lines."""
    part = image.copy(0, top, image.width(), bottom - top).scaled(200, 50)
    values = (part.pixelColor(x, y).value() for y in range(50) for x in range(200))
    return any(value < 200 for value in values)


def test_pictures_fit_the_page(qapp: QApplication, printer: QPrinter, tmp_path: Path) -> None:
    image = QImage(5000, 3000, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.darkGreen)
    image.save(str(tmp_path / "large.png"))
    record = a_record()
    key = record.messages[0].attachments[0].id
    record = replace(record, data={key: (tmp_path / "large.png").read_bytes()})
    (document,) = Sheets(to_print(record, Words()), Words(), printer).documents
    (width,) = {f.width() for f in image_formats(document)}
    assert 300 < width <= document.pageSize().width() * PAGE_DOTS / printer.logicalDpiX() + 1
    assert QImage.fromData(PNG).size().width() == 1


def image_formats(document: QTextDocument) -> list:  # type: ignore[type-arg]
    """The formats of all its pictures."""
    found, block = [], document.begin()
    while block.isValid():
        iterator = block.begin()
        while not iterator.atEnd():
            form = iterator.fragment().charFormat()
            if form.isImageFormat():
                found.append(form.toImageFormat())
            iterator += 1
        block = block.next()
    return found


def test_printing_goes_page_by_page(bench: Bench, printer: QPrinter) -> None:
    bench.control.print_on("c" * 16, printer)
    bench.qtbot.waitUntil(lambda: bool(bench.said or bench.problems), timeout=PATIENCE_MS)
    assert bench.problems == []
    assert bench.said == ["Sent to the printer."]
    assert Path(printer.outputFileName()).read_bytes().startswith(b"%PDF-")


def test_a_printer_that_does_not_print_is_said(bench: Bench, printer: QPrinter) -> None:
    printer.setOutputFileName("/no such folder/paper.pdf")
    bench.control.print_on("c" * 16, printer)
    bench.qtbot.waitUntil(lambda: bool(bench.said or bench.problems), timeout=PATIENCE_MS)
    assert bench.problems == ["exchange.print"]
