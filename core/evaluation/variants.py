"""The variants that answers can be compared between, in the order in which they are offered."""

from core.types import AnswerKind, Variant

VARIANTS: tuple[Variant, ...] = (
    Variant("draft"),
    Variant("quotes", style=AnswerKind.QUOTES),
    Variant("listing", style=AnswerKind.LISTING),
    Variant("dense", style=AnswerKind.QUOTES, mode="dense"),
    Variant("lexical", style=AnswerKind.QUOTES, mode="lexical"),
)


def variant_named(name: str) -> Variant:
    """The variant of that name; raises ``KeyError``."""
    return {variant.name: variant for variant in VARIANTS}[name]
