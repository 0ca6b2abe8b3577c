"""What became of a drop: how much of it was added, what was here already, what was refused."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.documents.library import Added
from ui.locale import Texts
from ui.markup import Html, action, element, icon, text

TOLD = 100
"""Sentences that a receipt holds of each kind; further ones are counted."""


@dataclass(frozen=True)
class Receipt:
    """A drop so far. ``done`` counts the files that were gone through, ``drop`` tells it apart."""

    drop: str = ""
    done: int = 0
    added: int = 0
    known: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    def after(self, taken: Added, texts: Texts) -> "Receipt":
        """The receipt once a file was taken, or one out of an archive."""
        if taken.error is not None:
            why = texts.said(taken.error.reason, taken.error.remedy)
            return self.refusing(taken.name, why, texts)
        if taken.document is None or taken.is_new:
            return replace(self, added=self.added + 1)
        here = texts("receipt.here_as", name=taken.name, there=taken.document.name)
        return replace(self, known=(*self.known, here))

    def refusing(self, name: str, why: str, texts: Texts) -> "Receipt":
        """The receipt with a file that was not even sent."""
        return replace(self, refused=(*self.refused, texts("receipt.because", name=name, why=why)))


def render_receipt(receipt: Receipt, texts: Texts) -> Html:
    """The counts, and under them each file that did not become a document of its own."""
    kinds = (("refused", receipt.refused), ("known", receipt.known))
    counts = [texts("receipt.added", count=receipt.added)]
    counts += [texts(f"receipt.{kind}", count=len(told)) for kind, told in kinds if told]
    close = action(
        "close_receipt",
        icon("close"),
        class_="tool",
        aria_label=texts("receipt.close"),
        title=texts("receipt.close"),
        data_testid="close-receipt",
    )
    return element(
        "section",
        element(
            "header",
            icon("unsupported" if receipt.refused else "check"),
            element("p", text(texts.list_of_words(*counts)), role="status"),
            close,
        ),
        *(_list(kind, told, texts) for kind, told in kinds if told),
        class_="receipt",
        data_drop=receipt.drop,
        data_done=receipt.done,
        data_testid="receipt",
    )


def _list(kind: str, told: Sequence[str], texts: Texts) -> Html:
    more = len(told) - TOLD
    rows = [*told[:TOLD], *([texts("receipt.more", count=more)] if more > 0 else [])]
    return element("ul", *(element("li", text(each), dir="auto") for each in rows), class_=kind)
