"""E-mails are read with their attachments, however they are packed."""

import io
from email.message import EmailMessage
from pathlib import Path

import pytest
from docx import Document

from core.documents import mail
from core.documents.reading import read
from core.types import ExtractedText


def letter(
    subject: str = "Lease of Unit 4", body: str = "The rent is due on Monday."
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ann <ann@example.com>"
    message["To"] = "bob@example.com"
    message["Date"] = "Mon, 03 May 2021 10:00:00 +0000"
    message["Subject"] = subject
    message.set_content(body)
    return message


def word_file(words: str) -> bytes:
    document = Document()
    document.add_heading("Terms", 1)
    document.add_paragraph(words)
    packed = io.BytesIO()
    document.save(packed)
    return packed.getvalue()


def taken(tmp_path: Path, message: EmailMessage, name: str = "a.eml") -> ExtractedText:
    path = tmp_path / "upload"
    path.write_bytes(message.as_bytes())
    return read(path, name)


def test_a_message_opens_with_who_wrote_to_whom_when_and_about_what(tmp_path: Path) -> None:
    extracted = taken(tmp_path, letter())

    assert extracted.text.split("\n") == [
        "From: Ann <ann@example.com>",
        "To: bob@example.com",
        "Date: Mon, 03 May 2021 10:00:00 +0000",
        "Subject: Lease of Unit 4",
        "",
        "The rent is due on Monday.",
    ]
    assert extracted.title == "Lease of Unit 4"


def test_a_message_is_known_by_its_content(tmp_path: Path) -> None:
    assert taken(tmp_path, letter(), "export").title == "Lease of Unit 4"


def test_an_html_body_is_read_where_there_is_no_plain_one(tmp_path: Path) -> None:
    message = letter()
    message.set_content("<p>Pay <b>now</b>.</p><p style='display:none'>secret</p>", subtype="html")
    extracted = taken(tmp_path, message)

    assert extracted.text.endswith("Pay now.")
    assert extracted.warnings == ("hidden_text",)


def test_attachments_stand_under_their_names(tmp_path: Path) -> None:
    message = letter()
    message.add_attachment(
        word_file("The deposit is 900 euros."),
        maintype="application",
        subtype="octet-stream",
        filename="../../terms.docx",
    )
    message.add_attachment("Clause 1. Term", filename="notes.txt")
    extracted = taken(tmp_path, message)
    headings = [(each.level, extracted.text[each.start : each.end]) for each in extracted.headings]

    assert headings == [(1, "Attachment: terms.docx"), (2, "Terms"), (1, "Attachment: notes.txt")]
    assert "The deposit is 900 euros." in extracted.text
    assert extracted.warnings == ()


def test_what_cannot_be_read_is_named_and_flagged(tmp_path: Path) -> None:
    message = letter()
    message.add_attachment(b"MZ\x00", maintype="application", subtype="x", filename="run.exe")
    extracted = taken(tmp_path, message)

    assert "Attachment left out: run.exe (This file is a Windows program" in extracted.text
    assert extracted.warnings == ("attachments_left_out",)


def test_messages_inside_messages_are_read_to_a_depth(tmp_path: Path) -> None:
    message = letter("level 5", "words of level 5")
    for level in range(4, -1, -1):
        outer = letter(f"level {level}", f"words of level {level}")
        outer.add_attachment(message)
        message = outer
    extracted = taken(tmp_path, message)

    assert "words of level 3" in extracted.text
    assert "words of level 4" not in extracted.text
    assert "attachments_left_out" in extracted.warnings


def test_more_attachments_than_are_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "_MOST_ATTACHMENTS", 2)
    message = letter()
    for number in range(3):
        message.add_attachment(f"Clause {number}", filename=f"{number}.txt")
    extracted = taken(tmp_path, message)

    assert "Clause 1" in extracted.text
    assert "Attachment left out: 2.txt (there is too much attached.)" in extracted.text


def test_a_body_in_an_encoding_that_does_not_exist_is_read(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(
        b"From: a@example.com\nSubject: x\nContent-Type: text/plain; charset=none-such\n\nPay now."
    )
    assert read(path, "a.eml").text.endswith("Pay now.")
