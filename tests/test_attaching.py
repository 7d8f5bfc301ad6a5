"""Files for attaching: every kind that is taken, every encoding, and files made to do harm."""

from __future__ import annotations

import io
import os
import random
import sys
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from app.core.errors import (
    AttachmentDamaged,
    AttachmentError,
    AttachmentKindUnknown,
    AttachmentLocked,
    AttachmentTooBig,
    AttachmentTooLong,
    AttachmentTooSlow,
    AttachmentWithoutText,
)
from app.services import attaching, attaching_documents
from app.services.attaching import from_text, read, read_data

CHINESE = "今天天气很好，我们一起去公园散步吧。这里有很多花和树，孩子们在草地上玩。"
TRADITIONAL = "今天天氣很好，我們一起去公園散步吧。這裡有很多花和樹，孩子們在草地上玩。"
JAPANESE = "今日は天気がいいので、公園を散歩しましょう。子供たちは芝生の上で遊んでいます。"
FRENCH = "Où est passé le café ? L'été dernier, à Besançon, il coûtait déjà trop cher."
GERMAN = "Größe, Übermut und Ärger: die Straße führt über die Brücke nach Köln."
RUSSIAN = "Сегодня хорошая погода, пойдём гулять в парк."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "utf-8"),
        (CHINESE, "utf-8-sig"),
        (CHINESE, "utf-16"),
        (CHINESE, "gb18030"),
        (f"name,城市\n{CHINESE}", "gbk"),
        (TRADITIONAL, "big5"),
        (JAPANESE, "utf-8"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        (FRENCH, "latin-1"),
        (FRENCH, "utf-16-le"),
        (FRENCH, "utf-16-be"),
        (FRENCH, "utf-32"),
        (GERMAN, "cp1252"),
        (RUSSIAN, "cp1251"),
        ("plain", "ascii"),
        ("", "ascii"),
    ],
)
def test_a_text_is_read_whatever_its_encoding(tmp_path: Path, text: str, encoding: str) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(text.encode(encoding))
    found = read(file)
    assert (found.name, found.media_type, found.text) == ("notes.txt", "text/plain", text)
    assert found.data == file.read_bytes()


def test_line_ends_of_other_systems_become_plain() -> None:
    assert read_data("a.txt", b"one\r\ntwo\rthree\n").text == "one\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("table.csv", "text/csv"),
        ("README.MD", "text/markdown"),
        ("main.py", "text/plain"),
        ("no ending", "text/plain"),
        ("picture.svg", "text/plain"),
    ],
)
def test_the_kind_of_a_text_follows_its_name(name: str, media_type: str) -> None:
    assert read_data(name, b"some text").media_type == media_type


@pytest.mark.parametrize(
    ("beginning", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"BM\x10\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", "image/bmp"),
    ],
)
def test_a_picture_is_known_by_its_content(beginning: bytes, media_type: str) -> None:
    """Whatever the file is called."""
    data = beginning + bytes(100)
    found = read_data("holiday.txt", data)
    assert (found.media_type, found.text, found.data) == (media_type, "", data)


def test_a_text_that_begins_like_a_bitmap_is_a_text() -> None:
    assert read_data("a.txt", b"BMW and other makers of cars").media_type == "text/plain"


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF\x02\x01\x01" + bytes(200),
        random.Random(1).randbytes(5000),
        zlib.compress(random.Random(2).randbytes(300)),
        "text with zeros".encode("utf-16-le") + b"\0\0\x01\0" * 50,
    ],
    ids=["program", "noise", "packed", "zeros"],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(AttachmentKindUnknown) as caught:
        read_data("thing.bin", data)
    assert "thing.bin" in caught.value.problem.summary_text


def test_what_is_not_there_or_no_file_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.txt", tmp_path, tmp_path / ("long" * 200), Path("nul\0l")):
        with pytest.raises(AttachmentError):
            read(path)


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names there")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(AttachmentError):
        read(pipe)


def test_a_file_that_is_too_big_is_refused_with_both_sizes(tmp_path: Path) -> None:
    file = tmp_path / "big.png"
    with file.open("wb") as opened:
        opened.write(b"\x89PNG\r\n\x1a\n")
        opened.truncate(attaching.MOST_BYTES + 1)
    with pytest.raises(AttachmentTooBig) as caught:
        read(file)
    assert "20 MiB" in caught.value.problem.summary_text


def test_a_text_longer_than_any_context_is_refused() -> None:
    with pytest.raises(AttachmentTooLong):
        read_data("a.txt", b"a" * (attaching_documents.MOST_CHARACTERS + 1))


def test_a_long_pasted_text_becomes_a_file() -> None:
    found = from_text("Pasted text.txt", "你好\n" * 9000)
    assert found.data.decode() == found.text == "你好\n" * 9000


# Word documents

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx(xml: str) -> bytes:
    """A Word document with that as its main part."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", xml)
    return made.getvalue()


def body(inside: str) -> str:
    return f'<?xml version="1.0"?><w:document {WORD}><w:body>{inside}</w:body></w:document>'


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_the_text_of_a_word_document_is_read() -> None:
    cells = "".join(f"<w:tc>{paragraph(text)}</w:tc>" for text in ("Item", "Price"))
    xml = body(
        paragraph("Title")
        + "<w:p><w:r><w:t>Two </w:t></w:r><w:r><w:t>runs</w:t><w:br/>"
        + "<w:t>你好 &amp; more</w:t></w:r>"
        + "<w:r><w:instrText>PAGE</w:instrText><w:delText>gone</w:delText></w:r></w:p>"
        + f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>"
    )
    found = read_data("letter.docx", docx(xml))
    assert found.media_type == attaching.DOCX
    assert found.text.split("\n")[:3] == ["Title", "Two runs", "你好 & more"]
    assert [cell.strip() for cell in found.text.split("\n")[3].split("\t")] == ["Item", "Price"]


@pytest.mark.parametrize(
    ("xml", "error"),
    [
        (body(""), AttachmentWithoutText),
        ("<w:document>", AttachmentDamaged),
        ("not xml", AttachmentDamaged),
        (
            '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + body("&b;"),
            AttachmentDamaged,
        ),
        (
            '<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + body(paragraph("&a;")),
            AttachmentDamaged,
        ),
    ],
    ids=["empty", "cut", "no-xml", "multiplying", "foreign-file"],
)
def test_a_bad_word_document_is_an_error(xml: str, error: type[AttachmentError]) -> None:
    with pytest.raises(error):
        read_data("bad.docx", docx(xml))


def test_a_zip_bomb_is_given_up_early() -> None:
    """A few kilobytes that would unpack to hundreds of megabytes."""
    data = docx(body(f"<w:p>{' ' * (80 << 20)}</w:p>"))
    assert len(data) < 1 << 20
    with pytest.raises(AttachmentTooLong):
        read_data("bomb.docx", data)


def test_other_archives_are_no_documents() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(AttachmentKindUnknown):
        read_data("files.zip", made.getvalue())
    with pytest.raises(AttachmentDamaged):
        read_data("letter.docx", made.getvalue())
    whole = docx(body(paragraph("text")))
    with pytest.raises(AttachmentDamaged):
        read_data("letter.docx", whole[: len(whole) // 2])


# PDF


def pdf(*contents: bytes) -> bytes:
    """A PDF with a page for each content stream."""
    count = len(contents)
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, content in enumerate(contents):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * number)
        )
        packed = zlib.compress(content)
        objects.append(
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(packed), packed)
        )
    made, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, text)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer << /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return made + b"startxref\n%d\n%%%%EOF\n" % start


def line(text: str) -> bytes:
    return f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET\n".encode()


def test_the_text_of_a_pdf_is_read() -> None:
    found = read_data("report.pdf", pdf(line("The first page"), line("The second page")))
    assert found.media_type == attaching.PDF
    assert found.text == "The first page\n\nThe second page"


def test_a_scan_is_said_to_have_no_text() -> None:
    with pytest.raises(AttachmentWithoutText):
        read_data("scan.pdf", pdf(b"0 0 100 100 re f\n"))


def test_a_pdf_with_a_password_is_said_to_have_one() -> None:
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(line("secret"))))
    writer.encrypt("password", algorithm="AES-256")
    made = io.BytesIO()
    writer.write(made)
    with pytest.raises(AttachmentLocked):
        read_data("locked.pdf", made.getvalue())


@pytest.mark.parametrize("part", [20, 200, 500])
def test_a_broken_pdf_is_an_error_of_ours(part: int) -> None:
    whole = pdf(line("some text"))
    with pytest.raises((AttachmentDamaged, AttachmentWithoutText)):
        read_data("broken.pdf", whole[:part])


def test_noise_in_a_pdf_never_escapes_as_another_error() -> None:
    """A hundred copies with bytes changed: read, or refused as one of our errors."""
    dice = random.Random(5)
    whole = pdf(line("one"), line("two"))
    for _ in range(100):
        data = bytearray(whole)
        for _ in range(12):
            data[dice.randrange(9, len(data))] = dice.randrange(256)
        try:
            assert isinstance(attaching_documents.pdf_text("x.pdf", bytes(data)), str)
        except AttachmentError:
            continue


def test_a_pdf_bomb_is_refused() -> None:
    """A small file whose page unpacks to more than a page ever has."""
    data = pdf(b" " * (attaching_documents.MOST_PDF_BYTES + 1))
    assert len(data) < 1 << 20
    with pytest.raises((AttachmentDamaged, AttachmentWithoutText)):
        read_data("bomb.pdf", data)


def test_a_pdf_that_never_ends_is_given_up_within_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands beyond the deadline as soon as the page's operators begin."""
    moments = iter([0.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(moments, 1e9))
    with pytest.raises(AttachmentTooSlow):
        read_data("slow.pdf", pdf(line("text") * 50))
