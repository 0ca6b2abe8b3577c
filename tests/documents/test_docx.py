"""Word files: everything that a reader of the page sees, and nothing else."""

import zipfile
from pathlib import Path

import pytest
from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml

from core.documents import archives
from core.documents.docx import read_docx
from core.errors import DocumentError
from core.types import ExtractedText

NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "v": "urn:schemas-microsoft-com:vml",
        "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    }.items()
)
WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def read_body(
    tmp_path: Path, body: str, numbering: str = "", notes: str = "", styles: str = ""
) -> ExtractedText:
    """Read a .docx whose body, numbering, footnotes and extra styles are these pieces of XML."""
    document = Document()
    document.core_properties.title = ""
    root = parse_xml(f"<w:body {NAMESPACES}>{body}</w:body>")
    for element in list(root):
        document.element.body.insert(len(document.element.body) - 1, element)
    for element in parse_xml(f"<w:styles {NAMESPACES}>{styles}</w:styles>"):
        document.styles.element.append(element)
    if numbering:
        lists = document.part.numbering_part.element
        lists[:] = list(parse_xml(f"<w:numbering {NAMESPACES}>{numbering}</w:numbering>"))
    if notes:
        part = Part(
            PackURI("/word/footnotes.xml"),
            f"{WORD_TYPE}.footnotes+xml",
            f"<w:footnotes {NAMESPACES}>{notes}</w:footnotes>".encode(),
            document.part.package,
        )
        document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    path = tmp_path / "file.docx"
    document.save(str(path))
    return read_docx(path)


def paragraph(words: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{words}</w:t></w:r></w:p>"


def lines_of(extracted: ExtractedText) -> list[str]:
    return [line for line in extracted.text.split("\n") if line]


def test_paragraphs_tables_and_nested_tables_come_in_order(tmp_path: Path) -> None:
    cell = "<w:tc>{}</w:tc>".format
    inner = f"<w:tbl><w:tr>{cell(paragraph('in'))}{cell(paragraph('ner'))}</w:tr></w:tbl>"
    row = f"<w:tr>{cell(paragraph('Fee'))}{cell(paragraph('100') + inner + '<w:p/>')}</w:tr>"
    body = paragraph("Before") + f"<w:tbl>{row}{row}</w:tbl>" + paragraph("After")

    table_row = ["Fee | 100", "in | ner"]
    assert lines_of(read_body(tmp_path, body)) == ["Before", *table_row, *table_row, "After"]


def test_insertions_are_kept_and_deletions_marked_but_not_quoted(tmp_path: Path) -> None:
    body = (
        "<w:p><w:r><w:t xml:space='preserve'>The fee is </w:t></w:r>"
        "<w:del w:id='1' w:author='x'><w:r><w:delText>100</w:delText></w:r></w:del>"
        "<w:ins w:id='2' w:author='x'><w:r><w:t>200</w:t></w:r></w:ins>"
        "<w:moveFrom w:id='3' w:author='x'><w:r><w:t> gone</w:t></w:r></w:moveFrom>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t> hidden</w:t></w:r>"
        "<w:hyperlink r:id='none'><w:r><w:t xml:space='preserve'> dollars</w:t></w:r></w:hyperlink>"
        "<w:r><w:tab/><w:t>net</w:t><w:br/><w:t>of tax</w:t></w:r></w:p>"
    )

    extracted = read_body(tmp_path, body)
    assert extracted.text == "The fee is [deleted] 200 dollars\tnet\nof tax"
    assert set(extracted.warnings) == {"hidden_text", "tracked_changes"}


def test_a_paragraph_that_was_deleted_leaves_its_mark_only(tmp_path: Path) -> None:
    deleted = "<w:del w:id='1' w:author='x'><w:r><w:delText>The fee is 1.</w:delText></w:r></w:del>"
    body = paragraph("One.") + f"<w:p>{deleted}{deleted}</w:p>" + paragraph("Two.")

    extracted = read_body(tmp_path, body)
    assert lines_of(extracted) == ["One.", "[deleted]", "Two."]
    assert extracted.warnings == ("tracked_changes",)


def test_content_controls_and_text_boxes_are_read_once(tmp_path: Path) -> None:
    box = f"<w:txbxContent>{paragraph('Boxed')}</w:txbxContent>"
    body = (
        f"<w:sdt><w:sdtPr><w:alias w:val='x'/></w:sdtPr><w:sdtContent>{paragraph('Party A')}"
        "</w:sdtContent></w:sdt>"
        "<w:p><w:r><w:t>Anchor</w:t></w:r><w:r><mc:AlternateContent>"
        f"<mc:Choice Requires='wps'><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
    )

    assert lines_of(read_body(tmp_path, body)) == ["Party A", "Anchor", "Boxed"]


def run(words: str, look: str) -> str:
    return f"<w:r><w:rPr>{look}</w:rPr><w:t xml:space='preserve'>{words}</w:t></w:r>"


WHITE = "<w:color w:val='FFFFFF'/>"


@pytest.mark.parametrize(
    "look",
    [
        *("<w:vanish/>", WHITE, "<w:color w:val='FEFDFE'/>", "<w:sz w:val='2'/>"),
        *("<w:rStyle w:val='Ghost'/>", WHITE + "<w:shd w:val='clear' w:fill='FFFFFF'/>"),
    ],
)
def test_words_that_nobody_sees_are_left_out_and_flagged(tmp_path: Path, look: str) -> None:
    style = f"<w:style w:type='character' w:styleId='Pale'><w:rPr>{WHITE}</w:rPr></w:style>"
    ghost = "<w:style w:type='character' w:styleId='Ghost'><w:basedOn w:val='Pale'/></w:style>"
    body = f"<w:p>{run('The fee is 100.', '')}{run(' The fee is 0.', look)}</w:p>"

    extracted = read_body(tmp_path, body, styles=style + ghost)

    assert extracted.text == "The fee is 100."
    assert extracted.warnings == ("hidden_text",)


@pytest.mark.parametrize(
    "look",
    [
        *(WHITE + "<w:shd w:val='clear' w:fill='1F3864'/>", WHITE + "<w:highlight w:val='black'/>"),
        *("<w:vanish w:val='0'/>", "<w:color w:val='auto'/>", "<w:sz w:val='12'/>"),
        "<w:rStyle w:val='Pale'/><w:color w:val='000000'/>",
    ],
)
def test_words_that_are_seen_are_kept(tmp_path: Path, look: str) -> None:
    pale = f"<w:style w:type='character' w:styleId='Pale'><w:rPr>{WHITE}</w:rPr></w:style>"

    extracted = read_body(tmp_path, f"<w:p>{run('Price', look)}</w:p>", styles=pale)

    assert extracted.text == "Price"
    assert extracted.warnings == ()


def test_the_white_heading_of_a_dark_table_row_is_kept(tmp_path: Path) -> None:
    dark = "<w:tcPr><w:shd w:val='clear' w:fill='002060'/></w:tcPr>"
    body = f"<w:tbl><w:tr><w:tc>{dark}<w:p>{run('Fee', WHITE)}</w:p></w:tc></w:tr></w:tbl>"

    extracted = read_body(tmp_path, body)

    assert extracted.text == "Fee"
    assert extracted.warnings == ()


def test_zero_width_characters_are_taken_out_of_words_and_flagged(tmp_path: Path) -> None:
    extracted = read_body(tmp_path, paragraph("The pri\u200bce in\u2060cludes tax."))

    assert extracted.text == "The price includes tax."
    assert extracted.warnings == ("invisible_characters",)


def test_footnotes_follow_their_paragraph(tmp_path: Path) -> None:
    notes = (
        f"<w:footnote w:type='separator' w:id='-1'>{paragraph('line')}</w:footnote>"
        f"<w:footnote w:id='7'>{paragraph('As amended.')}</w:footnote>"
    )
    body = (
        "<w:p><w:r><w:t>The Act</w:t></w:r><w:r><w:footnoteReference w:id='7'/></w:r>"
        "<w:r><w:t> applies.</w:t></w:r></w:p>" + paragraph("Next")
    )

    assert lines_of(read_body(tmp_path, body, notes=notes)) == [
        *("The Act¹ applies.", "¹ As amended.", "Next"),
    ]


def test_headers_and_footers_appear_once_each(tmp_path: Path) -> None:
    document = Document()
    document.add_paragraph("Body")
    document.sections[0].header.paragraphs[0].text = "Privileged"
    second = document.add_section()
    second.header.is_linked_to_previous = False
    second.header.paragraphs[0].text = "Privileged"
    second.footer.paragraphs[0].text = "Draft 3"
    path = tmp_path / "file.docx"
    document.save(str(path))

    assert lines_of(read_docx(path)) == ["Body", "Privileged", "Draft 3"]


def test_heading_styles_and_the_title_are_declared(tmp_path: Path) -> None:
    document = Document()
    document.core_properties.title = ""
    document.add_heading("Share Purchase Agreement", level=0)
    document.add_heading("Definitions", level=1)
    document.add_paragraph("Words.")
    document.add_heading("Price", level=2)
    path = tmp_path / "file.docx"
    document.save(str(path))

    extracted = read_docx(path)

    assert extracted.title == "Share Purchase Agreement"
    assert [(h.level, extracted.text[h.start : h.end]) for h in extracted.headings] == [
        (1, "Share Purchase Agreement"),
        (1, "Definitions"),
        (2, "Price"),
    ]


def level(depth: int, number_format: str, pattern: str, extra: str = "") -> str:
    return (
        f"<w:lvl w:ilvl='{depth}'><w:start w:val='1'/><w:numFmt w:val='{number_format}'/>{extra}"
        f"<w:lvlText w:val='{pattern}'/></w:lvl>"
    )


def numbered(words: str, depth: int, list_id: int = 1) -> str:
    properties = f"<w:numPr><w:ilvl w:val='{depth}'/><w:numId w:val='{list_id}'/></w:numPr>"
    return paragraph(words, properties)


CONTRACT_LIST = (
    "<w:abstractNum w:abstractNumId='0'>"
    + level(0, "decimal", "%1.")
    + level(1, "decimal", "%1.%2")
    + level(2, "lowerLetter", "(%3)")
    + level(3, "lowerRoman", "(%4)")
    + "</w:abstractNum><w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>"
    "<w:num w:numId='2'><w:abstractNumId w:val='0'/></w:num>"
    "<w:num w:numId='3'><w:abstractNumId w:val='0'/><w:lvlOverride w:ilvl='0'>"
    "<w:startOverride w:val='1'/></w:lvlOverride></w:num>"
)


def test_clause_numbers_are_counted_and_restart_below_each_clause(tmp_path: Path) -> None:
    body = "".join(
        numbered(words, depth)
        for words, depth in [
            *(("Term", 0), ("Start", 1), ("End", 1), ("by notice", 2), ("in writing", 3)),
            *(("by breach", 2), ("Price", 0), ("Amount", 1), ("in cash", 2)),
        ]
    )

    assert lines_of(read_body(tmp_path, body, CONTRACT_LIST)) == [
        *("1. Term", "1.1 Start", "1.2 End", "(a) by notice", "(i) in writing"),
        *("(b) by breach", "2. Price", "2.1 Amount", "(a) in cash"),
    ]


def test_lists_of_one_kind_go_on_counting_unless_told_to_start_again(tmp_path: Path) -> None:
    body = numbered("a", 0, 1) + numbered("b", 0, 2) + numbered("c", 0, 3) + numbered("d", 0, 3)

    assert lines_of(read_body(tmp_path, body, CONTRACT_LIST)) == ["1. a", "2. b", "1. c", "2. d"]


def test_articles_of_a_chinese_contract_are_numbered_across_chapters(tmp_path: Path) -> None:
    numbering = (
        "<w:abstractNum w:abstractNumId='5'>"
        + level(0, "chineseCountingThousand", "第%1章")
        + level(1, "chineseCountingThousand", "第%2条", "<w:lvlRestart w:val='0'/>")
        + level(2, "chineseCounting", "（%3）")
        + level(3, "decimal", "%2.%4", "<w:isLgl/>")
        + "</w:abstractNum><w:num w:numId='9'><w:abstractNumId w:val='5'/></w:num>"
    )
    steps = [
        ("总则", 0),
        ("目的", 1),
        ("范围", 1),
        ("附则", 0),
        ("生效", 1),
        ("一", 2),
        ("细则", 3),
    ]
    body = "".join(numbered(words, depth, 9) for words, depth in steps)

    assert lines_of(read_body(tmp_path, body, numbering)) == [
        *("第一章 总则", "第一条 目的", "第二条 范围", "第二章 附则", "第三条 生效"),
        *("（一） 一", "3.1 细则"),
    ]


def test_a_style_brings_its_number(tmp_path: Path) -> None:
    numbering = (
        "<w:abstractNum w:abstractNumId='0'>"
        + level(0, "upperRoman", "ARTICLE %1", "<w:pStyle w:val='Clause1'/>")
        + level(1, "decimalZero", "Section %1.%2", "<w:isLgl/><w:pStyle w:val='Clause2'/>")
        + "</w:abstractNum><w:num w:numId='4'><w:abstractNumId w:val='0'/></w:num>"
    )
    styles = "".join(
        f"<w:style w:type='paragraph' w:styleId='{name}'><w:name w:val='{name}'/>{based}"
        f"<w:pPr>{list_of}</w:pPr></w:style>"
        for name, based, list_of in [
            ("Clause1", "", "<w:numPr><w:numId w:val='4'/></w:numPr>"),
            ("Clause2", "", "<w:numPr><w:ilvl w:val='1'/><w:numId w:val='4'/></w:numPr>"),
            ("Clause2Bold", "<w:basedOn w:val='Clause2'/>", ""),
        ]
    )
    off = "<w:pStyle w:val='Clause1'/><w:numPr><w:numId w:val='0'/></w:numPr>"
    body = "".join(
        paragraph(words, f"<w:pStyle w:val='{style}'/>")
        for words, style in [("Sale", "Clause1"), ("Price", "Clause2"), ("Tax", "Clause2Bold")]
    ) + paragraph("Recital", off)

    assert lines_of(read_body(tmp_path, body, numbering, styles=styles)) == [
        *("ARTICLE I Sale", "Section 1.1 Price", "Section 1.2 Tax", "Recital"),
    ]


def test_a_file_that_unpacks_too_large_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "UNPACKED_BYTES", 1 << 20)
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (2 << 20))

    with pytest.raises(DocumentError, match="unpacks"):
        read_docx(path)


def test_an_external_entity_is_not_fetched(eval_dir: Path) -> None:
    extracted = read_docx(eval_dir / "robust/docx_malformed/poi__ExternalEntityInText.docx")

    assert extracted.text.startswith("Here should not be the POI web site")
    assert len(extracted.text) < 100


def test_a_redline_reads_as_the_modified_document(eval_dir: Path) -> None:
    folder = eval_dir / "robust" / "docx_features"
    redline = read_docx(folder / "Python-Redlines__expected_redline.docx")
    modified = read_docx(folder / "Python-Redlines__modified.docx")

    accepted = [line.replace(" [deleted]", "") for line in lines_of(redline)]
    assert accepted[:7] == lines_of(modified)[:7]
    assert "tracked_changes" in redline.warnings
