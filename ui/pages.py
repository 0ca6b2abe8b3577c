"""The server-rendered pages together, as ``core.serving.pages.Pages`` asks for them."""

from core.evaluation.reports import Words
from core.serving.pages import Look, Pages
from ui import audit, cases, entry, registry
from ui.leaf import leaf, sentence, texts_for
from ui.markup import element, text


class _Pages:
    login = staticmethod(entry.login)
    code = staticmethod(entry.code)
    account = staticmethod(entry.account)
    matters = staticmethod(cases.matters)
    matter = staticmethod(cases.matter)
    people = staticmethod(registry.people)
    audit = staticmethod(audit.audit)

    @staticmethod
    def trouble(look: Look, words: str) -> str:
        """A page that says why there is no page."""
        texts = texts_for(look)
        heading = element("header", element("h1", text(texts("leaf.trouble"))))
        home = element("a", text(texts("leaf.home")), href="/", class_="button quiet")
        said = sentence(texts.said(words), "trouble")
        return leaf(look, texts("leaf.trouble"), heading, said, home, narrow=True)


def words_for(look: Look) -> Words:
    """How a report speaks to whoever asks for it."""
    texts = texts_for(look)
    return Words(texts, texts.language, texts.said)


PAGES: Pages = _Pages()
