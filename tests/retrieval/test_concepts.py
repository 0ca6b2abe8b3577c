"""People's words lead to the wording of clauses."""

import re

import pytest

from core.retrieval.concepts import concepts, wording_for


@pytest.mark.parametrize(
    ("question", "wording"),
    [
        ("Can we walk away early?", "may terminate this Agreement at any time without cause"),
        ("Which law applies?", "governed by and construed in accordance with the laws"),
        ("Is liability capped?", "aggregate liability"),
        ("In what court can we be sued?", "jurisdiction of the courts"),
        ("carve-outs to the waiver of indirect damages", "Except for a party's indemnification"),
        ("Are there exceptions to the competitive restrictions?", "nothing herein shall prohibit"),
        ("waiver of implied warranties", "MAKES NO WARRANTIES"),
        ("goods sold as is", "with all faults"),
        ("exceptions to the limitation of liability", "in no event shall the total liability"),
        ("What is carved out of the liability cap?", "shall not apply to indemnification"),
        ("a cap on the supplier's liability for late delivery", "aggregate liability"),
    ],
)
def test_a_question_in_everyday_words_brings_the_wording_of_clauses(
    question: str, wording: str
) -> None:
    assert any(wording in each for each in wording_for(question))


@pytest.mark.parametrize("question", ["", "Who signed?", "租金多少？", "Where are the bananas?"])
def test_a_question_that_touches_no_concept_brings_no_wording(question: str) -> None:
    assert wording_for(question) == ()


def named(question: str) -> list[str]:
    brought = wording_for(question)
    return [each.name for each in concepts() if set(each.wording) & set(brought)]


@pytest.mark.parametrize(
    ("question", "not_meant"),
    [
        ("personal injury exception to the cap on liability", "competition exceptions"),
        ("Are there exceptions to the time limit for notice of claims?", "uncapped liability"),
        ("exceptions to the capital contribution obligation", "uncapped liability"),
        ("Are there exceptions to landscaping duties?", "uncapped liability"),
        ("confidentiality carve-outs", "uncapped liability"),
        ("Where is the premises located?", "as is"),
        ("Must notice be provided as is required by Section 5?", "as is"),
        ("May the tenant operate a fitness center?", "disclaimer of warranties"),
        ("a warranty of title", "disclaimer of warranties"),
    ],
)
def test_an_exception_or_a_common_word_brings_no_wording_of_something_else(
    question: str, not_meant: str
) -> None:
    assert not_meant not in named(question)


def test_what_lies_between_two_words_counts_for_nothing() -> None:
    far = "the exceptions, which are told of further on, to the cap, for third party claims"
    assert named(far) == ["uncapped liability", "indemnification"]
    assert wording_for(far)[0].startswith("shall indemnify")


def test_no_pattern_reaches_over_a_whole_text() -> None:
    patterns = [said.pattern for each in concepts() for said in each.said]
    assert [each for each in patterns if ".*" in each or ".+" in each] == []


def test_capitals_make_no_difference() -> None:
    assert wording_for("WHICH LAW APPLIES?") == wording_for("which law applies?") != ()


def test_a_part_of_another_word_is_not_what_people_said() -> None:
    terms = wording_for("How long is the term?")
    assert terms
    assert wording_for("How is it determined?") != terms


def test_at_most_two_concepts_speak_and_the_nearer_one_first() -> None:
    question = (
        "Which law applies, which court has jurisdiction, is liability capped, may we assign, "
        "can we walk away early, and is there an audit?"
    )
    brought = wording_for(question)
    touched = [each for each in concepts() if set(each.wording) & set(brought)]
    assert len(touched) == 2

    def length_said(name: str) -> int:
        (concept,) = (each for each in touched if each.name == name)
        return sum(len(said[0]) for each in concept.said if (said := each.search(question)))

    first, *_, last = [each.name for text in brought for each in touched if text in each.wording]
    assert length_said(first) >= length_said(last)


def test_every_concept_of_the_lexicon_has_words_and_whole_clauses() -> None:
    names = [each.name for each in concepts()]
    assert len(names) == len(set(names)) > 10
    for concept in concepts():
        assert concept.said, concept.name
        assert not any(said.search("") for said in concept.said), concept.name
        assert concept.wording, concept.name
        assert all(re.search(r"\w+ \w+", text) for text in concept.wording), concept.name
