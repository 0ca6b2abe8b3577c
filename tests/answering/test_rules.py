"""Fluent statements that a passage does not carry, and honest rewordings of the same passages."""

import pytest

from core.answering.verification import check
from core.types import Verdict

CURE = (
    "Either Party may terminate this Agreement if the other Party breaches it and fails to cure "
    "the breach within thirty days after receipt of notice of the breach."
)
SECRET = "The Recipient shall not disclose the Report to any third party except to its auditors."
CAP = (
    "The Supplier's total liability shall not exceed the Fees paid in the preceding year. Nothing "
    "in this Agreement limits liability for death or personal injury."
)
RENEWAL = (
    "The lease renews for one year unless either party gives notice at least ninety days before."
)
TITLE = "All rights in the Drawings shall vest in the Client upon payment in full of the Fees."
AUDIT = "If the audit reveals an underpayment of more than 5%, the Agent shall bear the cost of it."
FINE = (
    "逾期不申报的，处一千元罚款；拒不申报的，处五千元罚款。经营者有欺诈行为的，赔偿价款的三倍。"
    "严重违反操作规程的，可以吊销执照。"
)


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (
            "The breaching Party may terminate this Agreement if it fails to cure the breach "
            "within thirty days after receipt of notice of the breach.",
            CURE,
        ),
        (
            "A Party may terminate if the other Party fails to cure a breach within thirty days "
            "after the signing.",
            CURE,
        ),
        (
            "The Recipient shall not disclose the Report to any third party, "
            "including its auditors.",
            SECRET,
        ),
        (
            "The Supplier's liability is capped at the Fees paid in the preceding year, including "
            "for death or personal injury.",
            CAP,
        ),
        (
            "The lease renews for one year if either party gives notice at least ninety days "
            "before.",
            RENEWAL,
        ),
        ("All rights in the Drawings vest in the Client.", TITLE),
        (
            "The Agent shall bear the cost of the audit if it reveals an underpayment of 5% "
            "or more.",
            AUDIT,
        ),
        ("The Tenant shall pay rent of $50 in arrears.", "The Tenant shall pay rent of $50."),
        (
            "The Seller shall indemnify the Buyer only if the Buyer gives notice.",
            "The Seller shall indemnify the Buyer, and the Buyer shall give notice.",
        ),
        (
            "The Landlord may unreasonably withhold its consent to an assignment.",
            "The Tenant shall not assign without the consent of the Landlord, which consent shall "
            "not be unreasonably withheld.",
        ),
        (
            "The Distributor shall use best efforts to sell the Products.",
            "The Distributor shall use commercially reasonable efforts to sell the Products.",
        ),
        ("逾期不申报的，处五千元罚款。", FINE),
        ("向未成年人出售烟酒为法律所允许。", "任何人不得向未成年人出售烟酒。"),
        ("经营者有欺诈行为的，赔偿损失的三倍。", FINE),
        ("违反操作规程的，可以吊销执照。", FINE),
        ("承租人经出租人书面同意，可以转租。", "承租人经出租人同意，可以转租。"),
        ("承租人有过错且逾期付款的，应当支付利息。", "承租人逾期付款的，应当支付利息。"),
    ],
)
def test_a_fluent_invention_is_not_supported(statement: str, text: str) -> None:
    assert check(statement, [text])[0] is not Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (
            "The non-breaching Party may terminate if a breach is not cured within thirty days "
            "after notice of the breach is received.",
            CURE.replace("Either Party", "The non-breaching Party"),
        ),
        (
            "The Recipient may disclose the Report to no third party but its auditors.",
            SECRET,
        ),
        ("Unless a party gives notice ninety days before, the lease renews for a year.", RENEWAL),
        ("Upon full payment of the Fees, all rights in the Drawings vest in the Client.", TITLE),
        ("拒不申报的，罚款五千元。", FINE),
        (
            "Either party may end this lease with or without a reason, by thirty days' notice.",
            "Either party may end this lease for any or for no reason upon thirty days' notice.",
        ),
        ("经营者有欺诈行为的，赔偿价款三倍。", FINE),
        ("严重违反操作规程的，可吊销其执照。", FINE),
    ],
)
def test_an_honest_rewording_of_the_same_words_is_supported(statement: str, text: str) -> None:
    assert check(statement, [text]) == (Verdict.SUPPORTED, "paraphrase")
