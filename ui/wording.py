"""An answer in plain words: how it stands, what was searched, all of it for a clipboard; and the
variant that it was given by.
"""

from collections import Counter
from collections.abc import Sequence

from core.types import Answer, AnswerKind, Citation, Statement, Variant, Verdict
from ui.locale import Texts
from ui.pincites import cited, pincite


def summary(answer: Answer, texts: Texts) -> str:
    """The answer's standing in a few words, such as ``5 of 6 statements supported``."""
    count = len(answer.statements)
    if answer.refused:
        return texts("answer.refused")
    if answer.kind is AnswerKind.QUOTES:
        return texts("answer.quotes", count=count)
    if answer.kind is AnswerKind.LISTING:
        names = {each.document_id for each in cited(answer)}
        return texts(
            "answer.listing",
            count=count,
            passages=texts("count.passages", count=count),
            documents=texts("count.documents", count=len(names)),
        )
    return texts("answer.supported", supported=answer.supported, count=count)


def shortfall(answer: Answer, texts: Texts) -> dict[Verdict, str]:
    """How many statements of a draft hold in part and how many do not, where there are any."""
    if answer.kind is not AnswerKind.DRAFT:
        return {}
    each = Counter(statement.verdict for statement in answer.statements)
    return {
        verdict: texts(f"answer.{verdict}", count=each[verdict])
        for verdict in (Verdict.PARTLY, Verdict.UNSUPPORTED)
        if each[verdict]
    }


def coverage(answer: Answer, texts: Texts) -> str:
    """What was searched and used, such as ``searched 412 documents, used 8 passages``."""
    searched = answer.searched
    if not searched.documents:
        return texts("answer.nothing_searched") if answer.refused else ""
    partial = searched.documents < searched.documents_in_matter
    gone_through = (
        texts("answer.searched_of", count=searched.documents, total=searched.documents_in_matter)
        if partial
        else texts("answer.searched", count=searched.documents)
    )
    if not answer.passages_used:
        return gone_through
    used = texts("answer.used", count=answer.passages_used)
    return texts("pincite.join").join((gone_through, used))


def caveats(answer: Answer, texts: Texts) -> list[str]:
    """What a reader has to know: names, pages and passages not read, statements only reworded.

    Rewordings are told because the check of them is the weakest: see the figures in README.
    """
    own = sum(
        each.verdict is Verdict.SUPPORTED and each.reason == "paraphrase"
        for each in answer.statements
    )
    blank, cut = answer.searched.blank_pages, answer.passages_cut
    said = [] if answer.refused else [absence(answer, texts)]
    said.append(texts("answer.blank_pages", count=blank) if blank else "")
    said.append(texts("answer.cut", count=cut) if cut else "")
    said.append(texts("answer.own_words", count=own) if own else "")
    return [each for each in said if each]


def absence(answer: Answer, texts: Texts) -> str:
    """That no document bears the names that the question gives, or nothing."""
    if not answer.absent:
        return ""
    names = (texts("answer.absent_name", name=name.strip('《》“”"')) for name in answer.absent)
    return texts("answer.absent", names=texts("answer.or").join(names))


def notice(answer: Answer, texts: Texts) -> str:
    """Why this is what it is instead of a draft, or nothing."""
    if answer.refused and answer.absent:
        return absence(answer, texts)
    return texts.known("notice", answer.notice)


def mark(statement: Statement, texts: Texts) -> str:
    """The verdict on a statement with its reason, such as ``Unsupported: it cites no passage``."""
    label = texts(f"verdict.{statement.verdict}")
    reason = texts.known("reason", statement.reason)
    return f"{label}{texts('pincite.colon')}{reason}" if reason else label


def warning(statement: Statement, texts: Texts) -> str:
    """The mark in brackets for a statement that is not supported, which goes wherever it goes."""
    return "" if statement.verdict is Verdict.SUPPORTED else f"[{mark(statement, texts)}]"


def plain_answer(answer: Answer, texts: Texts) -> str:
    """The answer for a clipboard: how it stands, statements with their marks, the pincites."""
    lines = [answer.question, ""]
    lines.append(texts.list_of_words(summary(answer, texts), *shortfall(answer, texts).values()))
    lines += [each for each in (coverage(answer, texts), notice(answer, texts)) if each]
    lines += [*caveats(answer, texts), ""]
    if answer.kind is AnswerKind.DRAFT:
        lines += [*map(_with_markers, answer.statements, [texts] * len(answer.statements)), ""]
    if answer.nearest:
        lines.append(texts("answer.nearest") + texts("pincite.colon").rstrip())
    lines += _quoted(answer.nearest if answer.refused else cited(answer), texts)
    return "\n".join(lines).strip() + "\n"


def _with_markers(statement: Statement, texts: Texts) -> str:
    markers = "".join(f"[{citation.marker}]" for citation in statement.citations)
    parts = (statement.text, markers, warning(statement, texts))
    return " ".join(part for part in parts if part)


def _quoted(citations: Sequence[Citation], texts: Texts) -> list[str]:
    quoted = []
    for citation in citations:
        parts = (citation.document_name, pincite(citation, texts))
        where = texts("pincite.join").join(part for part in parts if part)
        words = texts("pincite.quote", quote=" ".join(citation.quote.split()))
        quoted.append(f"[{citation.marker}] {where}{texts('pincite.colon')}{words}")
    return quoted


def variant_label(variant: Variant, texts: Texts) -> str:
    """A variant's name in the reader's language, or as it is where it has none."""
    return texts.known("variant", variant.name)


def setting(key: str, value: object, texts: Texts) -> str:
    """One setting of a variant in words, such as ``Search: by meaning``."""
    return texts(f"setting.{key}") + texts("pincite.colon") + setting_value(key, value, texts)


def setting_value(key: str, value: object, texts: Texts) -> str:
    """What a setting of a variant is set to, in words."""
    if key == "style":
        return texts(f"style.{value}")
    if key == "mode":
        return texts(f"mode.{value}")
    if key == "rerank":
        return texts("setting.on") if value else texts("setting.off")
    if key == "top_k" and not value:
        return texts("setting.as_set")
    if key == "model" and not value:
        return texts("setting.own_model")
    return texts.known("prompt", str(value)) if key == "prompt" else str(value)
