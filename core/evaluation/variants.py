"""The variants that answers can be compared between, what sets them apart, which is in force."""

from collections.abc import Sequence
from dataclasses import fields

from core.trials import NamedVariant, Promotion
from core.types import AnswerKind, Variant

VARIANTS: tuple[Variant, ...] = (
    Variant("draft"),
    Variant("quotes", style=AnswerKind.QUOTES),
    Variant("listing", style=AnswerKind.LISTING),
    Variant("dense", style=AnswerKind.QUOTES, mode="dense"),
    Variant("lexical", style=AnswerKind.QUOTES, mode="lexical"),
)
"""Those that every matter has, in the order in which they are offered."""

DEFAULT_NAME = VARIANTS[0].name
"""The variant that is in force where none was put in force."""

SETTINGS = tuple(each.name for each in fields(Variant) if each.name != "name")
"""Everything in which variants may differ."""


def variant_named(name: str) -> Variant:
    """The built-in variant of that name; raises ``KeyError``."""
    return {variant.name: variant for variant in VARIANTS}[name]


def variants_of(named: Sequence[NamedVariant]) -> tuple[Variant, ...]:
    """The variants that a matter offers: those built in, and its own that are not retired."""
    return (*VARIANTS, *(each.variant for each in named if not each.is_retired))


def differences(first: Variant, second: Variant) -> dict[str, tuple[object, object]]:
    """The settings in which two variants differ, with the value that each has."""
    pairs = {name: (getattr(first, name), getattr(second, name)) for name in SETTINGS}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def in_force(promotions: Sequence[Promotion]) -> Variant:
    """The variant that was put in force last; ``promotions`` are newest first."""
    return promotions[0].variant if promotions else variant_named(DEFAULT_NAME)
