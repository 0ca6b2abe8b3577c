"""Text and Markdown keep every character; pages of the web give what a browser shows."""

from pathlib import Path

import pytest

from core.documents.markup import read_html, read_markdown, read_text


def test_text_is_what_python_reads_without_newline_translation(tmp_path: Path) -> None:
    file = tmp_path / "contract.txt"
    file.write_bytes("\ufeffOne\r\n\r\n第二条\r\tEnd\n".encode())

    with file.open(encoding="utf-8-sig", newline="") as source:
        assert read_text(file.read_bytes()).text == source.read()


def test_markdown_keeps_its_source_and_declares_its_headings() -> None:
    source = (
        "# Lease\r\n\r\nTerms\n=====\n\n## 第一章 总则 ##\n\n```\n# no heading\n```\nBody\n---\n"
    )

    extracted = read_markdown(source.encode())

    assert extracted.text == source
    assert extracted.title == "Lease"
    words = [(h.level, source[h.start : h.end]) for h in extracted.headings]
    assert words == [
        (1, "# Lease"),
        (1, "Terms\n====="),
        (2, "## 第一章 总则 ##"),
        (2, "Body\n---"),
    ]


PAGE = """<!doctype html><html><head><title>The  Act</title><style>p {color: red}</style></head>
<body><script>alert("x")</script><h1>The <i>Act</i></h1><p>One
  two.<br>Three.</p><div hidden>secret</div><div style="display: none">also secret</div>
<table><tr><th>Party</th><th>Share</th></tr><tr><td>A</td><td><p>50%</p></td></tr></table>
<h2>第一章</h2><ul><li>first</li><li>second</li></ul><!-- comment --></body></html>"""


def test_a_page_gives_its_visible_words_as_lines_rows_and_headings() -> None:
    extracted = read_html(PAGE.encode())

    assert extracted.title == "The Act"
    lines = [line for line in extracted.text.split("\n") if line.strip()]
    assert lines == [
        *("The Act", "One two.", "Three."),
        *("Party | Share", "A | 50%", "第一章", "first", "second"),
    ]
    declared = [(h.level, extracted.text[h.start : h.end]) for h in extracted.headings]
    assert declared == [(1, "The Act"), (2, "第一章")]


def test_hidden_words_and_scripts_of_a_page_are_left_out() -> None:
    text = read_html(PAGE.encode()).text

    assert not any(word in text for word in ("secret", "alert", "color", "comment"))


@pytest.mark.parametrize(
    "element",
    [
        "<p hidden>zero</p>",
        "<div style='display:none'>zero</div>",
        "<span style='visibility: hidden'>zero</span>",
        "<span style='color:#fff'>zero</span>",
        "<font color='white'>zero</font>",
        "<div style='background:#ffffff'><b style='color: rgb(255, 255, 254)'>zero</b></div>",
        "<span style='font-size:0'>zero</span>",
        "<span style='font-size: 1px;'>zero</span>",
        "<span style='opacity:0'>zero</span>",
        "<div style='position:absolute; left:-9999px'>zero</div>",
    ],
)
def test_hidden_elements_of_a_page_are_left_out_and_flagged(element: str) -> None:
    extracted = read_html(f"<html><body><p>The fee is 100.</p>{element}</body></html>".encode())

    assert extracted.text.strip() == "The fee is 100."
    assert extracted.warnings == ("hidden_text",)


@pytest.mark.parametrize(
    "element",
    [
        "<div style='background-color: #003'><span style='color:#fff'>Price</span></div>",
        "<table><tr bgcolor='navy'><th style='color:white'>Price</th></tr></table>",
        "<span style='font-size: 1em'>Price</span>",
        "<span style='font-size: 10px; opacity: 0.5'>Price</span>",
        "<span style='color: #ff0000'>Price</span>",
        "<script hidden></script><p>Price</p>",
    ],
)
def test_elements_that_are_seen_are_kept(element: str) -> None:
    extracted = read_html(f"<html><body>{element}</body></html>".encode())

    assert extracted.text.strip() == "Price"
    assert extracted.warnings == ()


def test_text_keeps_its_invisible_characters_and_is_flagged() -> None:
    source = "The pri\u200bce is net.\n"

    extracted = read_text(source.encode())

    assert extracted.text == source
    assert extracted.warnings == ("invisible_characters",)
