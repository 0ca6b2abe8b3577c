"""The page's picture has its boxes on the cited words; the text's view is one slice of it."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    RectangleObject,
    TextStringObject,
)

from core.documents.pdf import read_pdf
from core.documents.view import PageView, page_view, text_view
from core.errors import DocumentError, NotFound
from core.types import Box, ExtractedText

TURNS = [0, 90, 180, 270]
LEASE = [
    "The Tenant shall pay the rent.",
    "The Landlord shall insure the whole of the building against fire.",
    "Either party may end this lease.",
]


def printed(*pages: list[str], turn: int = 0, size: tuple[int, int] = (612, 792)) -> PdfWriter:
    """A PDF with a list of lines for each page, in Helvetica, shown turned by ``turn`` degrees."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
        }
    )
    for lines in pages:
        page = writer.add_blank_page(*size)
        content = DecodedStreamObject()
        shown = " ".join(f"({line}) Tj 0 -30 Td" for line in lines)
        content.set_data(f"BT /F1 12 Tf 100 600 Td {shown} ET".encode("cp1252"))
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        page[NameObject("/Contents")] = writer._add_object(content)
        page.rotate(turn)
    return writer


def saved(writer: PdfWriter, folder: Path) -> Path:
    path = folder / "file.pdf"
    writer.write(path)
    return path


def pixels(view: PageView, box: Box) -> tuple[int, int, int, int]:
    return (
        round(box.left * view.width) - 1,
        round(box.top * view.height) - 1,
        round(box.right * view.width) + 1,
        round(box.bottom * view.height) + 1,
    )


def ink(view: PageView) -> Image.Image:
    """The page with everything printed in white on black."""
    picture = Image.open(io.BytesIO(view.png)).convert("L")
    assert picture.size == (view.width, view.height)
    return picture.point([255 if grey < 160 else 0 for grey in range(256)])


def share_of_ink(view: PageView) -> float:
    """How far along the boxes, on the whole, there is ink from one end to the other."""
    covered = full = 0
    for box in view.boxes:
        inside = ink(view).crop(pixels(view, box))
        bounds = inside.getbbox() or (0, 0, 0, 0)
        along = 0 if inside.width > inside.height else 1
        covered += bounds[along + 2] - bounds[along]
        full += inside.size[along]
    return covered / full


def ink_outside(view: PageView, boxes: tuple[Box, ...]) -> bool:
    rest = ink(view)
    for box in boxes:
        rest.paste(0, pixels(view, box))
    return rest.getbbox() is not None


def turned(box: Box, turn: int) -> Box:
    """Where the box comes to be when its page is turned clockwise."""
    for _ in range(turn // 90):
        box = Box(1 - box.bottom, box.left, 1 - box.top, box.right)
    return box


def edges(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


def page_text(extracted: ExtractedText, number: int) -> str:
    page = extracted.pages[number - 1]
    return extracted.text[page.start : page.end]


def test_the_page_is_a_png_of_at_most_2000_pixels(tmp_path: Path) -> None:
    usual = page_view(saved(printed(LEASE), tmp_path), 1, "")
    assert (usual.width, usual.height, usual.page, usual.pages) == (980, 1268, 1, 1)
    assert usual.png.startswith(b"\x89PNG")
    plan = page_view(saved(printed(LEASE, size=(700, 5000)), tmp_path), 1, "")
    assert 1990 <= plan.height <= 2000
    assert Image.open(io.BytesIO(plan.png)).size == (plan.width, plan.height)


@pytest.mark.parametrize("quote", ["", "  \n", "—。", "words that are nowhere on the page at all"])
def test_a_quote_that_is_empty_or_not_there_has_no_boxes(tmp_path: Path, quote: str) -> None:
    assert page_view(saved(printed(LEASE), tmp_path), 1, quote).boxes == ()


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("crop", [None, (60, 450, 520, 700)], ids=["whole", "cropped"])
def test_boxes_lie_on_the_words_of_turned_and_cropped_pages(
    tmp_path: Path, turn: int, crop: tuple[int, int, int, int] | None
) -> None:
    writer = printed(LEASE, turn=turn)
    if crop:
        writer.pages[0].cropbox = RectangleObject(crop)
    path = saved(writer, tmp_path)
    views = [page_view(path, 1, line) for line in LEASE]
    for view in views:
        assert len(view.boxes) == 1
        assert share_of_ink(view) > 0.95
        assert ink_outside(view, view.boxes), "a box must not take in the other lines"
    assert not ink_outside(views[0], tuple(box for view in views for box in view.boxes))
    lengths = [max(b.right - b.left, b.bottom - b.top) for view in views for b in view.boxes]
    assert lengths[1] == max(lengths)


def test_words_cropped_away_have_no_box(tmp_path: Path) -> None:
    writer = printed(LEASE)
    writer.pages[0].cropbox = RectangleObject((60, 590, 520, 700))
    path = saved(writer, tmp_path)
    assert page_view(path, 1, LEASE[0]).boxes
    assert page_view(path, 1, LEASE[2]).boxes == ()


def test_a_quote_over_two_lines_has_a_box_for_each(tmp_path: Path) -> None:
    view = page_view(saved(printed(LEASE), tmp_path), 1, f"{LEASE[0]} {LEASE[1]}")
    first, second = view.boxes
    assert first.bottom <= second.top


def test_the_two_texts_may_differ_in_all_but_letters_and_digits(tmp_path: Path) -> None:
    path = saved(printed(["The of\\223ce\\224 is indemni-", "fied under \\247 12(b)"]), tmp_path)
    view = page_view(path, 1, "THE OF“CE” IS\u00a0INDEMNIFIED  under §１２ (b)")
    assert len(view.boxes) == 2
    assert share_of_ink(view) > 0.9
    assert page_view(path, 1, "§ １２").boxes == page_view(path, 1, "12").boxes != ()


def test_the_occurrence_nearest_to_the_hint_is_marked(tmp_path: Path) -> None:
    path = saved(printed(["Time is of the essence.", *LEASE, "Time is of the essence."]), tmp_path)
    text = page_text(read_pdf(path), 1)
    quote = "Time is of the essence."
    first = page_view(path, 1, quote, text.index(quote)).boxes
    last = page_view(path, 1, quote, text.rindex(quote)).boxes
    assert len(first) == len(last) == 1
    assert first[0].bottom < last[0].top
    assert page_view(path, 1, quote, 10**9).boxes == last


def test_line_ends_do_not_mislead_the_hint(tmp_path: Path) -> None:
    lines = [*["of the old"] * 12, "Time is up. Then Time is up. Then Time is up."]
    path = saved(printed(lines), tmp_path)
    reflowed = "".join(lines)  # as the reader joins lines of Chinese
    view = page_view(path, 1, "Time is up", reflowed.rindex("Then Time") + 5)
    middle = page_view(path, 1, "Time is up", reflowed.index("Then Time") + 5)
    first = page_view(path, 1, "Time is up", reflowed.index("Time"))
    assert first.boxes[0].right < middle.boxes[0].left < view.boxes[0].left


def test_each_page_shows_its_own_part_of_a_quote_that_runs_on(tmp_path: Path) -> None:
    begins, middle, ends = "This lease begins", "at noon " * 20, "on the first of May."
    path = saved(
        printed([*LEASE, begins, "Page 7 of 9"], ["- 8 -", ends, *LEASE], [middle, ends]), tmp_path
    )
    quote = f"{begins} {middle} {ends}"
    for number, line in ((1, begins), (2, ends)):
        view = page_view(path, number, quote)
        assert view.boxes == page_view(path, number, line).boxes
        assert len(view.boxes) == 1


def test_a_page_inside_a_longer_quote_is_marked_whole(tmp_path: Path) -> None:
    path = saved(printed([LEASE[0]], [LEASE[1]], [LEASE[2]]), tmp_path)
    assert len(page_view(path, 2, " ".join(LEASE)).boxes) == 1


def test_a_word_that_the_texts_read_differently_does_not_lose_the_rest(tmp_path: Path) -> None:
    path = saved(printed(LEASE), tmp_path)
    view = page_view(path, 1, LEASE[1].replace("whole", "w@#le"))
    assert len(view.boxes) == 2
    assert share_of_ink(view) > 0.9


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(
    ("file", "number", "begins", "ends", "lines"),
    [
        (
            "templates_en/bonterms/Bonterms-Cloud-Terms-Version-1.0.pdf",
            2,
            "Provider will use reasonable efforts",
            "after delivery of the relevant Professional Services",
            7,
        ),
        ("zh_pdf/中华人民共和国宪法.pdf", 5, "农村集体经济组织实行", "都是社会主义", 6),
    ],
    ids=["english", "chinese"],
)
def test_boxes_lie_on_the_words_of_real_pages_however_turned(
    eval_dir: Path,
    tmp_path: Path,
    file: str,
    number: int,
    begins: str,
    ends: str,
    lines: int,
    turn: int,
) -> None:
    path = eval_dir / "ingest" / file
    text = page_text(read_pdf(path), number)
    start = text.index(begins)
    quote = text[start : text.index(ends, start) + len(ends)]
    upright = page_view(path, number, quote, start)
    assert len(upright.boxes) == lines
    writer = PdfWriter()
    writer.add_page(PdfReader(path).pages[number - 1]).rotate(turn)
    view = page_view(saved(writer, tmp_path), 1, quote, start)
    assert share_of_ink(view) > 0.9
    for here, there in zip(view.boxes, upright.boxes, strict=True):
        assert edges(here) == pytest.approx(edges(turned(there, turn)), abs=0.002)


@pytest.mark.parametrize(
    "file",
    [
        "templates_en/bonterms/Bonterms-Cloud-Terms-Version-1.0.pdf",
        "zh_pdf/中华人民共和国宪法.pdf",
        "zh_pdf/中华人民共和国民法典_234p_zufang.pdf",
    ],
)
def test_any_words_of_real_documents_are_found_on_their_page(eval_dir: Path, file: str) -> None:
    path = eval_dir / "ingest" / file
    extracted = read_pdf(path)
    for page in extracted.pages[1::10]:
        text = extracted.text[page.start : page.end]
        for start in range(0, len(text) - 120, 400):
            view = page_view(path, page.number, text[start : start + 120], start)
            assert view.boxes, f"page {page.number}: {text[start : start + 120]}"
            assert share_of_ink(view) > 0.8


def test_what_was_filled_into_a_form_is_seen(tmp_path: Path) -> None:
    writer = printed([])
    appearance = DecodedStreamObject()
    appearance.set_data(b"0 0 80 20 re f")
    appearance[NameObject("/Type")] = NameObject("/XObject")
    appearance[NameObject("/Subtype")] = NameObject("/Form")
    appearance[NameObject("/BBox")] = RectangleObject((0, 0, 80, 20))
    field = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Widget"),
            NameObject("/FT"): NameObject("/Tx"),
            NameObject("/T"): TextStringObject("name"),
            NameObject("/F"): NumberObject(4),
            NameObject("/Rect"): RectangleObject((100, 600, 180, 620)),
            NameObject("/AP"): DictionaryObject({NameObject("/N"): writer._add_object(appearance)}),
        }
    )
    reference = writer._add_object(field)
    writer.pages[0][NameObject("/Annots")] = ArrayObject([reference])
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject(
        {NameObject("/Fields"): ArrayObject([reference])}
    )
    assert ink_outside(page_view(saved(writer, tmp_path), 1, ""), ())


@pytest.mark.parametrize("number", [0, -1, 2])
def test_a_page_that_does_not_exist_is_not_found(tmp_path: Path, number: int) -> None:
    with pytest.raises(NotFound, match=f"no page {number}"):
        page_view(saved(printed(LEASE), tmp_path), number, "rent")


@pytest.mark.parametrize("content", [b"", b"no PDF", b"%PDF-1.7\n1 0 obj\n<<"])
def test_a_file_that_cannot_be_opened_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.pdf"
    path.write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        page_view(path, 1, "rent")
    assert caught.value.remedy


def test_a_file_that_is_gone_or_locked_cannot_be_shown(tmp_path: Path) -> None:
    with pytest.raises(DocumentError):
        page_view(tmp_path / "gone.pdf", 1, "rent")
    writer = printed(LEASE)
    writer.encrypt("secret", algorithm="RC4-128")
    with pytest.raises(DocumentError):
        page_view(saved(writer, tmp_path), 1, "rent")


@given(
    st.text(alphabet="ab 条\n", max_size=400),
    st.integers(0, 400),
    st.integers(0, 400),
    st.integers(0, 60),
)
def test_the_text_view_is_one_slice_around_the_citation(
    text: str, one: int, other: int, around: int
) -> None:
    start, end = sorted(min(place, len(text)) for place in (one, other))
    view = text_view(text, start, end, around)
    assert view.marked == text[start:end]
    assert text[:start].endswith(view.before)
    assert text[end:].startswith(view.after)
    assert min(start, around // 2) <= len(view.before) <= around
    assert min(len(text) - end, around // 2) <= len(view.after) <= around


def test_the_text_view_is_cut_between_lines_or_else_words() -> None:
    lines = "".join(f"Clause {number} of the lease.\n" for number in range(100, 200))
    start = lines.index("Clause 150")
    view = text_view(lines, start, start + 10, around=200)
    assert view.before.startswith("Clause")
    assert view.after.endswith("lease.")
    words = lines.replace("\n", " ")
    view = text_view(words, start, start + 10, around=200)
    assert words[start - len(view.before) - 1] == " "
    assert words[start + 10 + len(view.after)] == " "


def test_the_text_view_of_all_there_is_leaves_nothing_out() -> None:
    view = text_view("one two three", 4, 7)
    assert (view.before, view.marked, view.after) == ("one ", "two", " three")
