"""Documents of a matter as the index knows them."""

from datetime import date

from core.retrieval.rows import Indexed
from core.types import Genre, Identity


def contract(
    document_id: str, name: str, title: str, parties: tuple[str, ...], opening: str = ""
) -> Indexed:
    words = opening or f"{title} between {' and '.join(parties)}"
    return Indexed(
        document_id, name, Identity(title, parties, date(2020, 5, 1), Genre.CONTRACT, words), 10
    )


def statute(document_id: str, short: str) -> Indexed:
    title = f"中华人民共和国{short}"
    return Indexed(
        document_id, f"{short}(2020-05-28).md", Identity(title, (), None, Genre.STATUTE, title), 10
    )


DOCUMENTS = (
    contract(
        "supply",
        "Supply Agreement.pdf",
        "SUPPLY AGREEMENT",
        ("Acme Foods, Inc.", "Borealis Shipping GmbH"),
        "SUPPLY AGREEMENT between Acme Foods, Inc., a Delaware corporation, and Borealis Shipping "
        "GmbH dated 1 May 2020",
    ),
    contract(
        "license",
        "License.docx",
        "SOFTWARE LICENSE AGREEMENT",
        ("Corvid Systems LLC", "Dune Retail Limited"),
    ),
    contract(
        "lease", "Harbour Lease.pdf", "LEASE", ("Quay Estates Limited", "Dune Retail Limited")
    ),
    contract(
        "distributor",
        "ANIXA_DISTRIBUTOR.pdf",
        "DISTRIBUTOR AGREEMENT",
        ("Anixa Biosciences Inc.", "iMine Corporation"),
    ),
    statute("civil", "民法典"),
    statute("labour", "劳动法"),
    statute("employment", "劳动合同法"),
    statute("procedure", "民事诉讼法"),
    statute("sole", "个人独资企业法"),
)
"""Four contracts, two of which share a party, and five statutes, two of similar names."""
