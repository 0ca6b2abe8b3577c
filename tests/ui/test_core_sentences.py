"""What the core says in English is said in every language of the page."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import errors
from core.documents import conversion, kinds
from core.errors import PinciteError
from core.settings import ROOT
from ui.locale import LANGUAGES, texts_in

ERRORS = {
    name
    for name, each in vars(errors).items()
    if isinstance(each, type) and issubclass(each, PinciteError) and name != "SettingsError"
}
TYPED = ("/commands/", "/upkeep/", "/session.", "/database.", "evaluation/records.", "/refusal.")
"""Whose errors are told at the command line only, as ``SettingsError`` is."""
OTHERS = [language for language in LANGUAGES if language != "en"]


def known(language: str) -> dict[str, str]:
    path = ROOT / "assets" / "locales" / "core" / f"{language}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for folder in ("core", "ui"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def templates(node: ast.AST) -> Iterator[str]:
    """The sentences that an expression may come to, with ``{0}`` for the first value."""
    match node:
        case ast.Constant(str(words)):
            yield words
        case ast.JoinedStr(values):
            parts, count = "", 0
            for value in values:
                parts += value.value if isinstance(value, ast.Constant) else f"{{{count}}}"
                count += not isinstance(value, ast.Constant)
            yield parts
        case ast.IfExp(_, body, otherwise):
            yield from templates(body)
            yield from templates(otherwise)


def told() -> set[str]:
    """Every reason and remedy that is written out where an error is made."""
    found: set[str] = set()
    for path, module in sources():
        if any(each in path.as_posix() for each in TYPED):
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
                found.update(words for each in node.args for words in templates(each))
    return found


def named() -> set[str]:
    """What is named within them: kinds of files."""
    refused = {what for _, what in kinds._REFUSED}
    return refused | set(conversion._NAMES.values()) | {kinds.TAKEN}


@pytest.mark.parametrize("language", OTHERS)
def test_every_reason_and_remedy_is_known_in_every_language(language: str) -> None:
    there = told()
    assert len(there) > 100
    assert sorted((there | named()) - known(language).keys()) == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_that_is_known_is_still_said_somewhere(language: str) -> None:
    said = {
        words for _, module in sources() for node in ast.walk(module) for words in templates(node)
    }
    assert sorted(known(language).keys() - said) == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_is_told_with_its_values_in_every_language(language: str) -> None:
    texts = texts_in(language)
    for english, words in known(language).items():
        count = len(re.findall(r"\{\d\}", english))
        values = [f"Lease {number}.pdf" for number in range(count)]
        assert sorted(re.findall(r"\{\d\}", words)) == sorted(re.findall(r"\{\d\}", english))
        assert texts.said(english.format(*values)) == words.format(*values), english


def test_a_reason_goes_with_its_remedy_in_one_language() -> None:
    reason, remedy = "This file is an archive (.zip), which cannot be read.", "Try again."
    together = "该文件是压缩包（.zip），无法读取。请重试。"
    assert texts_in("zh").said(reason, remedy) == together
    assert texts_in("zh").said(f"{reason} {remedy}") == together
    assert texts_in("en").said(reason, remedy) == f"{reason} {remedy}"


def test_what_no_language_knows_stays_as_it_is() -> None:
    for words in ("", "A sentence of nobody's. Nor this.", "这份文件 {0} {name}。"):
        assert texts_in("zh").said(words) == words


def test_a_name_in_a_sentence_is_never_read_as_a_template() -> None:
    hostile = "{0} {__class__} A. Try again"
    assert hostile in texts_in("zh").said(f"A matter named “{hostile}” exists already.")
