"""Text and Markdown keep every character; pages of the web give what a browser shows."""

from pathlib import Path

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
