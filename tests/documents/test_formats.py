"""The same words are the same document, whatever the format."""

from pathlib import Path

from core.documents.docx import read_docx
from core.documents.outline import outline
from core.documents.passages import cut
from core.documents.pdf import read_pdf
from core.types import ExtractedText
from tests.documents.papers import printed, typed


def duty(clause: int, sentences: int) -> str:
    """Sentences of which no two are alike."""
    lots = (f"{chr(97 + clause)}{chr(97 + each)}" for each in range(sentences))
    return " ".join(f"The Supplier shall deliver lot {lot} to the Buyer in time." for lot in lots)


AGREEMENT = [
    ("SUPPLY AGREEMENT", 1),
    ("This Agreement is made between Acme, Inc. and Boreas Ltd on 3 May 2021.", 0),
    *(
        part
        for n, title in enumerate(["Definitions", "Delivery", "Price", "Term", "Notices"], start=1)
        for part in [
            (f"{n}. {title}", 2),
            (f"{n}.1 Duty. {duty(n, 26)}", 0),
            (f"{n}.2 List. The Supplier shall, as Section {n}.1 of this Agreement requires:", 0),
            (f"(a) pay; {duty(n, 2)} and", 0),
            (f"(b) deliver. {duty(n, 3)}", 0),
        ]
    ),
    ("SCHEDULE 1", 2),
    ("The Goods are paint.", 0),
]


def tree(extracted: ExtractedText) -> list[tuple[str, ...]]:
    """The paths of all divisions, without the document's own title."""
    marks = outline(extracted.text, extracted.headings)
    return [tuple(part for part in mark.path if part != "SUPPLY AGREEMENT") for mark in marks]


def test_a_word_file_and_its_print_have_one_tree_and_one_text(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(
        printed([words for words, _ in AGREEMENT], header="Draft of May", footer="Page")
    )
    word = read_docx(typed(tmp_path / "a.docx", AGREEMENT, header="Draft of May", footer="Page"))
    print_ = read_pdf(tmp_path / "a.pdf")

    assert [path for path in tree(word) if path] == [path for path in tree(print_) if path]
    assert len(tree(print_)) > 20
    assert len(print_.pages) >= 2
    for extracted in (word, print_):
        body = "".join(extracted.text.split())
        assert body.count("DraftofMay") == 1
        assert all("".join(words.split()) in body for words, _ in AGREEMENT)
    cuts = [{p.path[-1] for p in cut(each, "d", "a") if p.path} for each in (word, print_)]
    assert cuts[0] - {"SUPPLY AGREEMENT"} == cuts[1] - {"SUPPLY AGREEMENT"}


def test_templates_and_their_print_have_one_tree(tmp_path: Path, eval_dir: Path) -> None:
    shared = total = 0
    for file in sorted((eval_dir / "ingest" / "templates_en").rglob("*.docx")):
        word = read_docx(file)
        latin = word.text.encode("cp1252", "ignore").decode("cp1252")
        (tmp_path / "a.pdf").write_bytes(printed(latin.split("\n\n"), "Standard form", "Page"))
        trees = set(tree(word)), set(tree(read_pdf(tmp_path / "a.pdf")))
        shared += len(trees[0] & trees[1])
        total += len(trees[0] | trees[1])

    assert total > 1000
    assert shared >= 0.98 * total
