"""Whose turn it is on the encoders' thread: a question's, before any passage's."""

import threading
from concurrent.futures import ThreadPoolExecutor

from core.retrieval.embedding import _Turns


def test_a_question_is_answered_between_two_layers_of_a_batch() -> None:
    turns, order = _Turns(), []
    begun, asked = threading.Event(), threading.Event()

    def encode(texts: list[str]) -> str:
        for layer in range(3):
            turns.give_way()
            order.append(f"layer {layer}")
            begun.set()
            asked.wait(10)
        return "vectors"

    with ThreadPoolExecutor(1) as thread:
        batch = thread.submit(turns.passages, encode, ["text"])
        assert begun.wait(10)
        question = turns.ahead(order.append, "question")
        asked.set()
        question.result(10)
        assert batch.result(10) == "vectors"
    assert order == ["layer 0", "question", "layer 1", "layer 2"]


def test_passages_rest_while_a_question_is_searched_for_and_go_on_after_it() -> None:
    turns, resting = _Turns(), threading.Event()
    turns.asked(1)

    def encode(texts: list[str]) -> int:
        return len(texts)

    with ThreadPoolExecutor(1) as thread:
        batch = thread.submit(turns.passages, encode, ["text"])
        assert turns.ahead(resting.set).result(10) is None
        assert resting.is_set()
        turns.asked(-1)
        assert batch.result(10) == 1


def test_questions_that_never_end_do_not_stop_passages_for_good() -> None:
    turns = _Turns()
    turns.asked(1)
    assert turns.passages(len, ["text"]) == 1


def test_a_question_that_fails_tells_its_asker_and_spares_the_batch() -> None:
    turns = _Turns()
    failed = turns.ahead(int, "not a number")
    assert turns.passages(len, ["text"]) == 1
    assert isinstance(failed.exception(10), ValueError)


def test_a_question_between_layers_is_not_interrupted_by_its_own_layers() -> None:
    turns, depth = _Turns(), []

    def question() -> None:
        depth.append("in")
        turns.give_way()  # its own layers call it too
        depth.append("out")

    turns.ahead(question)
    turns.ahead(depth.append, "next")
    turns.passages(lambda texts: turns.give_way(), ["text"])
    assert depth == ["in", "out", "next"]
