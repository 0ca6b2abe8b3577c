"""Lists of different scales become one, and none outweighs another by its length."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from core.retrieval.fusion import CANDIDATES, NO_LISTS, Lists, matching, ranked
from core.retrieval.provisos import Wishes
from core.retrieval.rows import Scored
from core.retrieval.understanding import Understood
from core.types import Hit, Passage

AXIS = np.array([1, 0], np.float32)


def passage(name: str, document_id: str = "d", text: str = "Nothing.") -> Passage:
    return Passage(name, document_id, f"{document_id}.pdf", 0, text, 0, len(text), None)


def at(cosine: float) -> np.ndarray:
    """The unit vector of that cosine with ``AXIS``."""
    return np.array([cosine, (1 - cosine**2) ** 0.5], np.float32)


def lists(
    cosines: Mapping[str, float],
    bm25: Mapping[str, float] | None = None,
    articles: Sequence[str] = (),
    documents: Mapping[str, str] | None = None,
    texts: Mapping[str, str] | None = None,
) -> Lists:
    """Candidates by name with their cosines and BM25 scores; ``AXIS`` is the question."""
    scored = {
        name: Scored(
            passage(name, (documents or {}).get(name, "d"), (texts or {}).get(name, "Nothing.")),
            cosine,
            at(cosine),
        )
        for name, cosine in cosines.items()
    }
    return Lists(scored, dict(bm25 or {}), [passage(each) for each in articles], AXIS[None])


def asking(about: Mapping[str, float] | None = None, **more: object) -> Understood:
    return Understood("rent", "rent", dict(about or {}), (), **more)  # type: ignore[arg-type]


def order(found: Lists, understood: Understood | None = None) -> list[str]:
    hits, _ = ranked(found, understood or asking(), {})
    return [hit.passage.id for hit in hits]


def test_hits_come_best_first_and_each_once() -> None:
    hits, _ = ranked(lists({"low": 0.1, "high": 0.9, "middle": 0.5}), asking(), {})
    assert [hit.passage.id for hit in hits] == ["high", "middle", "low"]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_equal_scores_keep_one_order() -> None:
    assert order(lists({"b": 0.5, "a": 0.5})) == order(lists({"a": 0.5, "b": 0.5})) == ["a", "b"]


def test_meaning_and_words_together_outrank_either_alone() -> None:
    near = {"both": 0.8, "meaning": 0.85, "words": 0.1, "neither": 0.1}
    ranking = order(lists(near, {"both": 9.0, "words": 9.5}))
    assert ranking == ["both", "meaning", "words", "neither"]


def test_a_word_that_only_one_passage_holds_counts() -> None:
    near = {f"p{n}": 0.5 + n / 1000 for n in range(20)}
    assert order(lists(near))[0] == "p19"
    assert order(lists(near, {"p15": 4.0}))[0] == "p15"


def test_the_scale_of_bm25_changes_nothing() -> None:
    near = {f"p{n}": n / 20 for n in range(15)}
    bm25 = {f"p{n}": float((n * 7) % 11) for n in range(15)}
    tenfold = {name: 10 * score for name, score in bm25.items()}
    assert order(lists(near, bm25)) == order(lists(near, tenfold))


def test_candidates_that_another_list_brought_in_do_not_change_the_scale() -> None:
    drawn = np.random.default_rng(0)
    near = {f"p{n:03}": float(drawn.uniform(0.3, 0.9)) for n in range(CANDIDATES)}
    bm25 = {name: float(drawn.uniform(0, 20)) for name in [*near][::3]}
    far = {f"q{n:03}": float(drawn.uniform(0.0, 0.2)) for n in range(CANDIDATES)}
    alone, _ = ranked(lists(near, bm25), asking(), {})
    crowded, _ = ranked(lists(near | far, bm25), asking(), {})
    before = {hit.passage.id: hit.score for hit in alone}
    after = {hit.passage.id: hit.score for hit in crowded if hit.passage.id in before}
    assert after == pytest.approx(before, abs=1e-3)


def test_the_document_that_is_named_outranks_any_other() -> None:
    near = {"own": 0.1, "own2": 0.2, "other": 0.99}
    found = lists(near, {"other": 99.0}, documents={"own": "meant", "own2": "meant"})
    assert order(found, asking({"meant": 1.0})) == ["own2", "own", "other"]


def test_near_equal_scores_of_the_named_document_lift_no_other_above_it() -> None:
    near = {"own": 0.500, "own2": 0.501, "other": 0.99}
    bm25 = {"own": 1.00, "own2": 1.01, "other": 40.0}
    found = lists(near, bm25, documents={"own": "meant", "own2": "meant"})
    assert order(found, asking({"meant": 1.0}))[-1] == "other"


def test_an_article_that_was_looked_up_outranks_all() -> None:
    near = {"near": 0.99, "article": 0.1}
    found = lists(near, {"near": 50.0}, articles=["article", "unseen"])
    first, second, third = order(found)
    assert {first, second} == {"article", "unseen"}
    assert third == "near"


def test_a_title_that_the_question_leans_to_breaks_a_near_tie_and_no_more() -> None:
    near = {"a": 0.8, "b": 0.79, "c": 0.1}
    assert order(lists(near)) == ["a", "b", "c"]
    found = lists(near, documents={"b": "leant", "c": "leant"})
    hits, _ = ranked(found, asking(), {"leant": 1.0})
    assert [hit.passage.id for hit in hits] == ["b", "a", "c"]


def along(**vectors: tuple[float, float, float]) -> Lists:
    """Candidates by their cosines with the question and with two more texts."""
    scored = {
        name: Scored(passage(name), vector[0], np.array(vector, np.float32))
        for name, vector in vectors.items()
    }
    return Lists(scored, {}, [], np.eye(3, dtype=np.float32))


def test_the_question_before_weighs_more_for_a_follow_up_that_leans_back() -> None:
    found = along(question=(0.9, 0.1, 0.1), before=(0.1, 0.9, 0.1), none=(0.1, 0.1, 0.1))
    assert order(found, asking(context="before", leans_back=True))[0] == "before"
    nearer = along(question=(0.9, 0.2, 0.1), before=(0.1, 0.9, 0.1), none=(0.1, 0.1, 0.1))
    assert order(nearer, asking(context="before"))[0] == "question"


def test_typical_wording_counts_by_all_of_its_clauses() -> None:
    far = (0.0, 0.1, 0.1)
    both, one = (0.5, 0.6, 0.6), (0.5, 0.9, 0.1)
    found = along(one=one, both=both, question=(0.51, 0.1, 0.1), far=far)
    assert order(found) == ["both", "one", "question", "far"]


def test_a_chinese_passage_that_says_little_else_stands_before_one_that_touches_on_everything() -> (
    None
):
    texts = {
        "short": "押金应当退还。",
        "long": "租金、水电、物业、押金、维修、保险均应当按约定退还。",
    }
    near = {"long": 0.5, "short": 0.5, **{f"p{n}": 0.1 for n in range(9)}}
    found = lists(near, dict.fromkeys(texts, 5.0), texts=texts)
    chinese = Understood("押金如何退还？", "押金如何退还？", {}, ())
    assert order(found, chinese)[:2] == ["short", "long"]
    assert order(found)[:2] == ["long", "short"]
    by_meaning = lists(near, texts=texts)
    assert order(by_meaning, chinese)[:2] == ["long", "short"]


def test_a_bare_heading_of_a_question_s_words_does_not_outrank_all() -> None:
    texts = {"heading": "押金", "clause": "押金应当在租赁期满后十日内退还承租人。"}
    near = {"heading": 0.3, "clause": 0.9, **{f"p{n:02}": 0.3 + n / 100 for n in range(40)}}
    found = lists(near, {"heading": 2.0, "clause": 5.0}, texts=texts)
    assert order(found, Understood("押金", "押金", {}, ()))[0] == "clause"


def test_the_words_of_a_phrase_count_more_than_those_of_a_sentence() -> None:
    near = {f"p{n}": 0.5 + n / 100 for n in range(20)}
    found = lists(near, {"p8": 9.0, "p7": 3.0})
    sentence, _ = ranked(found, asking(), {})
    phrase, _ = ranked(found, asking(is_phrase=True), {})

    def lead(hits: Sequence[Hit]) -> float:
        scores = {hit.passage.id: hit.score for hit in hits}
        return scores["p8"] - scores["p19"]

    assert lead(phrase) > lead(sentence)


def test_a_clause_that_holds_what_must_be_missing_steps_back() -> None:
    texts = {"with": "Except for fraud, liability is capped.", "without": "Liability is capped."}
    found = lists({"with": 0.52, "without": 0.5, "far": 0.1}, texts=texts)
    assert order(found)[0] == "with"
    assert order(found, asking(wishes=Wishes(-1)))[0] == "without"


def test_words_alone_rank_where_nothing_was_embedded() -> None:
    scored = {name: Scored(passage(name), 1.0, AXIS, is_lexical=True) for name in "ab"}
    found = Lists(scored, {"a": 1.0, "b": 2.0}, [], None)
    hits, evidence = ranked(found, asking(), {})
    assert [hit.passage.id for hit in hits] == ["b", "a"]
    assert (evidence.nearness, evidence.gap) == (0.0, 0.0)
    assert evidence.bm25 > 0


def test_one_candidate_or_equal_ones_are_ranked_without_dividing_by_nothing() -> None:
    assert order(lists({"a": 0.5})) == ["a"]
    assert order(lists({"a": 0.5, "b": 0.5}, {"a": 1.0, "b": 1.0})) == ["a", "b"]
    hits, _ = ranked(lists({"a": 0.5}, {"a": 3.0}), asking(), {})
    assert all(np.isfinite(hit.score) for hit in hits)


def test_the_evidence_is_certain_where_an_article_was_looked_up() -> None:
    assert ranked(lists({"a": 0.5}, articles=["a"]), asking(), {})[1].certain
    assert not ranked(lists({"a": 0.5}), asking(), {})[1].certain


def test_no_lists_at_all_are_no_hits() -> None:
    assert matching([], NO_LISTS, "rent") == ()


def test_a_passage_matches_by_half_of_the_words_or_by_meaning_alone() -> None:
    texts = {
        "words": "The rent is payable by the tenant.",
        "one": "The rent of the garage.",
        "meaning": "Bananas.",
        "neither": "Oranges.",
    }
    near = {"words": 0.2, "one": 0.2, "meaning": 0.9, "neither": 0.8}
    found = lists(near, texts=texts)
    hits, _ = ranked(found, asking(), {})
    kept = {hit.passage.id for hit in matching(hits, found, "rent payable tenant monthly")}
    assert kept == {"words", "meaning"}
