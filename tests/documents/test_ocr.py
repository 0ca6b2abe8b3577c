"""Words on pictures are read, with the places where they stand."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from core.documents.ocr import recognise
from core.documents.reading import read
from core.documents.scans import is_rubbish
from core.documents.view import page_view, recognised_boxes
from core.errors import DocumentError, NotFound
from core.types import Box, ExtractedText

LINES = [
    "The Tenant shall pay rent monthly.",
    "Its deposit is 1,200 euros.",
    "Notice of ninety days ends the lease.",
]
SIZE = (1000, 700)
Rectangle = tuple[float, float, float, float]


def page(lines: list[str] = LINES) -> tuple[Image.Image, dict[str, Rectangle]]:
    """A printed page, and where each of its words was drawn, in fractions of the page."""
    picture = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(36)
    places = {}
    for number, line in enumerate(lines):
        x, y = 80.0, 100.0 + 120 * number
        for word in line.split():
            left, top, right, bottom = draw.textbbox((x, y), word, font)
            draw.text((x, y), word, "black", font)
            places[word] = (left / SIZE[0], top / SIZE[1], right / SIZE[0], bottom / SIZE[1])
            x += draw.textlength(word + " ", font)
    return picture, places


def overlap(box: Box, drawn: Rectangle) -> float:
    """The share of what was drawn that the box covers."""
    across = min(box.right, drawn[2]) - max(box.left, drawn[0])
    along = min(box.bottom, drawn[3]) - max(box.top, drawn[1])
    area = (drawn[2] - drawn[0]) * (drawn[3] - drawn[1])
    return max(across, 0.0) * max(along, 0.0) / area


def saved(path: Path, picture: Image.Image, **options: object) -> Path:
    picture.save(path, **options)
    return path


def boxes_of(extracted: ExtractedText, quote: str, number: int = 1) -> tuple[Box, ...]:
    start = extracted.text.index(quote)
    return recognised_boxes(extracted, number, start, start + len(quote))


def test_every_word_of_a_scan_is_marked_where_it_stands(tmp_path: Path) -> None:
    picture, places = page()
    path = saved(tmp_path / "scan.pdf", picture)
    extracted = read(path, "scan.pdf")

    assert extracted.text.split("\n") == LINES
    assert extracted.warnings == ("ocr",)
    for word, drawn in places.items():
        (box,) = boxes_of(extracted, word)
        assert overlap(box, drawn) > 0.6, word
    others = [drawn for word, drawn in places.items() if word not in ("1,200", "deposit", "is")]
    (box,) = boxes_of(extracted, "deposit is 1,200")
    assert max(overlap(box, drawn) for drawn in others) < 0.35
    view = page_view(path, 1, "deposit is 1,200", 0, (box,))
    assert view.boxes == (box,)
    assert view.pages == 1


def test_a_quote_over_two_lines_has_a_box_on_each(tmp_path: Path) -> None:
    picture, places = page()
    extracted = read(saved(tmp_path / "a.png", picture), "a.png")
    boxes = boxes_of(extracted, "monthly.\nIts deposit")

    assert len(boxes) == 2
    assert overlap(boxes[0], places["monthly."]) > 0.6
    assert overlap(boxes[1], places["deposit"]) > 0.6


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_is_read_and_marked_all_the_same(tmp_path: Path, turn: int) -> None:
    picture, places = page()
    extracted = read(saved(tmp_path / "a.png", picture.rotate(turn, expand=True)), "a.png")

    assert extracted.text.split("\n") == LINES
    left, top, right, bottom = places["deposit"]
    drawn = {
        90: (top, 1 - right, bottom, 1 - left),
        180: (1 - right, 1 - bottom, 1 - left, 1 - top),
        270: (1 - bottom, left, 1 - top, right),
    }[turn]
    (box,) = boxes_of(extracted, "deposit")
    assert overlap(box, drawn) > 0.6


def test_two_columns_are_read_one_after_the_other() -> None:
    picture = Image.new("RGB", (1400, 700), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(30)
    for number, word in enumerate(["first", "second", "third", "fourth", "fifth"]):
        draw.text((60, 80 + 60 * number), f"The {word} line of the left column", "black", font)
        draw.text((760, 80 + 60 * number), f"The {word} line of the right column", "black", font)

    text = [line.text for line in recognise(picture)]
    assert [("left" in line, "fifth" in line) for line in text[3:6]] == [
        (True, False),
        (True, True),
        (False, False),
    ]


def test_the_pages_of_a_tiff_are_pages(tmp_path: Path) -> None:
    first, second = page(LINES[:1])[0], page(LINES[1:2])[0]
    path = saved(tmp_path / "a.tif", first, save_all=True, append_images=[second])
    told: list[tuple[int, int]] = []
    extracted = read(path, "a.tif", progress=lambda done, pages: told.append((done, pages)))

    assert [extracted.text[p.start : p.end].strip() for p in extracted.pages] == LINES[:2]
    assert told == [(1, 2), (2, 2)]
    assert boxes_of(extracted, "deposit", 2)
    assert not boxes_of(extracted, "deposit", 1)
    assert page_view(path, 2, "").pages == 2
    with pytest.raises(NotFound):
        page_view(path, 3, "")


@pytest.mark.parametrize("suffix", ["jpg", "webp", "bmp", "gif"])
def test_pictures_of_every_kind_are_shown(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path / f"a.{suffix}", page()[0])
    view = page_view(path, 1, "")

    assert view.png.startswith(b"\x89PNG")
    assert (view.width, view.height) == SIZE


def test_a_stamp_on_a_scan_is_not_taken_for_its_text(tmp_path: Path, eval_dir: Path) -> None:
    file = eval_dir / "robust" / "court_pdf" / "doctor__ca4_17.pdf"
    assert "North Carolina State Bar" in read(file, file.name).text


def test_a_blank_picture_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGB", (400, 400), "white"))
    with pytest.raises(DocumentError, match="No words were found"):
        read(path, "a.png")


def test_a_picture_of_too_many_pixels_is_not_opened(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.new("1", (12_000, 12_000)))
    with pytest.raises(DocumentError, match="more pixels"):
        read(path, "a.png")


def test_a_text_layer_without_meaning_is_told_from_text() -> None:
    assert is_rubbish("\ue000\ue001\ue002 \ufffd\ufffd a")
    assert is_rubbish("/g12/g34/g5/g61/g7 /g8")
    assert not is_rubbish("The fee is §5 – “due” • 100 %")
    assert not is_rubbish("第五百七十七条　当事人一方不履行合同义务")
    assert not is_rubbish("")
