import json
import re
from string import Formatter

import pytest

from core.settings import ROOT
from ui.locale import LANGUAGES, preferred_language, texts_in

SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "ui").glob("*.py")))
FROM_CORE = {
    "notice", "reason", "variant", "model", "model_state", "profile", "prompt", "warning",
    "report", "manifest", "metric", "metric_is", "runs.changed",
}  # fmt: skip


def sentences(language: str) -> dict[str, str]:
    path = ROOT / "assets" / "locales" / f"{language}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def used() -> tuple[set[str], set[str]]:
    """Keys written out in the source, and the beginnings of those that are put together."""
    whole = set(re.findall(r"[\"']([a-z_]+(?:\.[a-z_]+)+)[\"']", SOURCE))
    begun = set(re.findall(r"f[\"']([a-z_.]+\.)\{", SOURCE)) | {f"{name}." for name in FROM_CORE}
    return whole, begun


def test_both_languages_have_the_same_keys():
    assert sentences("en").keys() == sentences("zh").keys()


def test_both_languages_fill_in_the_same_values():
    chinese = sentences("zh")
    for key, sentence in sentences("en").items():
        names = {name for _, name, _, _ in Formatter().parse(sentence) if name}
        others = {name for _, name, _, _ in Formatter().parse(chinese[key]) if name}
        assert names == others, key


def test_every_key_that_the_page_uses_is_defined():
    whole, begun = used()
    known = sentences("en").keys()
    for key in whole:
        if key.split(".")[0] in {name.split(".")[0] for name in known}:
            assert key in known or any(k.startswith(key + ".") for k in known), key
    for start in begun:
        assert any(key.startswith(start) for key in known), start


def test_every_key_that_is_defined_is_used():
    whole, begun = used()
    for key in sentences("en"):
        plain = key.removesuffix(".one")
        assert plain in whole or any(plain.startswith(start) for start in begun), key


def test_chinese_sentences_are_chinese():
    same = [k for k, s in sentences("zh").items() if s == sentences("en")[k]]
    assert set(same) <= {"pincite.quote", "status.memory"}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr-FR,zh;q=0.5,en;q=0.4", "zh"),
        ("en;q=0.2,zh-TW;q=0.9", "zh"),
        ("", "en"),
        ("de, ;q=nonsense", "en"),
    ],
)
def test_a_first_visit_follows_the_browser_s_languages(header: str, language: str):
    assert preferred_language(header) == language


def test_one_is_not_spoken_of_in_the_plural():
    texts = texts_in("en")
    assert texts("count.documents", count=1) == "1 document"
    assert texts("count.documents", count=2) == "2 documents"


def test_an_unknown_language_is_english():
    assert set(LANGUAGES) == {"en", "zh"}
    assert texts_in("xx").language == "en"
