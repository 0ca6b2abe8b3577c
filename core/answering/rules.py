"""What may not differ between a statement and the words that carry it, rule by rule.

Each rule takes a ``Pairing`` and returns the key of what is wrong, or "".  Rules look at terms
that are paired and at what stands beside them, so that a statement may be turned round, cut short
or put into other words, as long as who, how much, when, must or may, not and unless stay.
"""

from collections.abc import Callable

from core.answering.denials import negations_agree
from core.answering.forces import forces_agree
from core.answering.joins import joins_agree
from core.answering.limits import limits_are_kept
from core.answering.measures import (
    bounds_agree,
    multiples_agree,
    orders_agree,
    quantities_are_there,
)
from core.answering.pairing import Pairing
from core.answering.provisions import provisions_agree
from core.answering.qualifiers import qualifiers_agree
from core.answering.roles import parties_are_there, roles_agree
from core.answering.wording import each_part_is_carried_whole, words_are_accounted_for

__all__ = ["broken", "each_part_is_carried_whole"]

Rule = Callable[[Pairing], str]


def broken(pairing: Pairing) -> str:
    """The key of the first rule that a statement breaks, or ""."""
    for rule in RULES:
        reason = rule(pairing)
        if reason:
            return reason
    return ""


RULES: tuple[Rule, ...] = (
    quantities_are_there,
    parties_are_there,
    roles_agree,
    forces_agree,
    negations_agree,
    bounds_agree,
    multiples_agree,
    orders_agree,
    joins_agree,
    provisions_agree,
    limits_are_kept,
    qualifiers_agree,
    words_are_accounted_for,
)
