"""LlamaIndex, and nothing else of it anywhere: one query engine for one question.

``RetrieverQueryEngine`` runs Pincite's retriever, its postprocessors (rerank, number) and its
synthesizer.  Only the asynchronous methods exist: LlamaIndex's own defaults for them block the
loop.  A query engine is made for each question and costs nothing; the models behind it live on.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from llama_index.core.base.llms.types import (
    ChatMessage as LlamaMessage,
)
from llama_index.core.base.llms.types import (
    ChatResponse,
    ChatResponseAsyncGen,
    CompletionResponse,
    CompletionResponseGen,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.base.response.schema import AsyncStreamingResponse
from llama_index.core.evaluation import CorrectnessEvaluator
from llama_index.core.evaluation.correctness import DEFAULT_EVAL_TEMPLATE
from llama_index.core.indices.prompt_helper import PromptHelper
from llama_index.core.llms import CustomLLM
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.prompts import ChatPromptTemplate
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import BaseSynthesizer
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle, TextNode
from pydantic import PrivateAttr

from core.answering.engine import ChatMessage, Engine
from core.answering.prompt import as_data, fitting, labelled, question_prompt
from core.models.profile import ChatModel
from core.retrieval.embedding import Encoders
from core.retrieval.search import Found, Search
from core.types import EVERYTHING, Hit, Passage, Scope, Searched, Turn, Variant


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with all that its answer depends on."""

    matter_id: str
    question: str
    variant: Variant
    history: tuple[Turn, ...] = ()
    scope: Scope = EVERYTHING


@dataclass(slots=True)
class Query:
    """The query engine of one question: first ``retrieve``, then ``write``."""

    engine: RetrieverQueryEngine
    bundle: QueryBundle
    retriever: "PassageRetriever"
    asked: Asked
    generator: Engine
    model: ChatModel
    nodes: list[NodeWithScore] = field(default_factory=list)
    ranked: tuple[Hit, ...] = ()

    async def retrieve(self) -> Found:
        """The packed passages in the order of their markers, with all that the search found out.

        ``ranked`` holds what was found, best first, beyond what is packed: last come passages of
        documents that the question does not name, where it names any.
        """
        nodes = await self.engine.aretrieve(self.bundle)
        self.nodes = nodes[: self.asked.variant.top_k]
        hits = tuple(Hit(_passage(each), each.score or 0.0) for each in nodes)
        ids = {hit.passage.id for hit in hits}
        found = self.retriever.found
        self.ranked = hits + tuple(hit for hit in found.hits if hit.passage.id not in ids)
        return replace(found, hits=hits[: self.asked.variant.top_k])

    def fitting(self) -> int:
        """How many of the packed passages the engine's prompt holds; the rest are dropped.

        0 when the question leaves no room for a single one.
        """
        asked, engine, model = self.asked, self.generator, self.model
        texts = [each.node.get_content(MetadataMode.LLM) for each in self.nodes]
        number = fitting(
            asked.question,
            texts,
            asked.history,
            model,
            engine.count_tokens,
            asked.variant.prompt,
        )
        self.nodes = self.nodes[:number]
        return number

    async def write(self) -> AsyncGenerator[str, None]:
        """Yield the draft as it is generated; closing this closes the engine's request."""
        response = await self.engine.asynthesize(self.bundle, self.nodes)
        if not isinstance(response, AsyncStreamingResponse):
            raise TypeError(f"a stream was asked for, not {type(response).__name__}")
        # LlamaIndex's wrappers do not close what they wrap: the generator underneath is ours.
        async with aclosing(response.response_gen) as words:
            async for word in words:
                yield word


def build_query(
    asked: Asked, search: Search, encoders: Encoders, engine: Engine, model: ChatModel
) -> Query:
    """Wire the query engine for one question."""
    retriever = PassageRetriever(search, asked)
    reranks = asked.variant.rerank and encoders.reranks
    rerank = [Rerank(encoders=encoders)] if reranks else []
    query_engine = RetrieverQueryEngine(
        retriever=retriever,
        response_synthesizer=PassageSynthesizer(asked, engine, model),
        node_postprocessors=[*rerank, Number()],
    )
    return Query(query_engine, QueryBundle(asked.question), retriever, asked, engine, model)


class PassageNode(TextNode):
    """A passage as LlamaIndex carries it; ``marker`` is its number in the prompt."""

    passage: Passage
    marker: int = 0

    def get_content(self, metadata_mode: MetadataMode = MetadataMode.NONE) -> str:
        """The passage labelled with its number for the prompt, or its bare text."""
        if metadata_mode == MetadataMode.LLM:
            return labelled(self.marker, self.passage)
        return self.passage.text


class PassageRetriever(BaseRetriever):
    """The matter's hybrid search as a LlamaIndex retriever."""

    def __init__(self, search: Search, asked: Asked) -> None:
        super().__init__()
        self._search = search
        self._asked = asked
        self.found = Found((), Searched())

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found: Found = await self._search.find(
            self._asked.matter_id,
            query_bundle.query_str,
            self._asked.variant.mode,
            history=self._asked.history,
            scope=self._asked.scope,
        )
        self.found = found
        hits = found.hits
        if found.named:  # another document's words must not answer for the one that is named
            hits = tuple(hit for hit in hits if hit.passage.document_id in found.named)
        return [
            NodeWithScore(
                node=PassageNode(id_=hit.passage.id, passage=hit.passage), score=hit.score
            )
            for hit in hits
        ]

    def _retrieve(self, query_bundle: QueryBundle) -> NoReturn:
        raise TypeError("Pincite's retriever is asynchronous: await aretrieve().")


class Rerank(BaseNodePostprocessor):
    """Score each passage against the question with a cross-encoder and sort by it."""

    encoders: Any

    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        question = query_bundle.query_str if query_bundle else ""
        texts = [each.node.get_content() for each in nodes]
        scores = await self.encoders.rerank(question, texts)
        ranked = sorted(zip(scores, nodes, strict=True), key=lambda pair: -pair[0])
        return [NodeWithScore(node=each.node, score=score) for score, each in ranked]

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> NoReturn:
        raise TypeError("Pincite's reranker is asynchronous: await apostprocess_nodes().")


class Number(BaseNodePostprocessor):
    """Number the passages from 1, the best first."""

    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        return self._postprocess_nodes(nodes, query_bundle)

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        return [
            NodeWithScore(
                node=PassageNode(id_=each.node.node_id, passage=_passage(each), marker=marker),
                score=each.score,
            )
            for marker, each in enumerate(nodes, 1)
        ]


class PassageSynthesizer(BaseSynthesizer):
    """Put the passages and the question into one prompt and stream the engine's words."""

    def __init__(self, asked: Asked, engine: Engine, model: ChatModel) -> None:
        self._asked = asked
        self._engine = engine
        self._chat_model = model
        llm = EngineLLM(engine, model, asked)
        super().__init__(
            llm=llm,
            # LlamaIndex's own helper would fetch a tokenizer; nothing here is cut by it.
            prompt_helper=PromptHelper(model.context_tokens, model.answer_tokens, tokenizer=list),
            streaming=True,
        )

    def _get_prompts(self) -> dict[str, Any]:
        return {}

    def _update_prompts(self, prompts: dict[str, Any]) -> None:
        """The prompt is Pincite's own."""

    async def aget_response(
        self, query_str: str, text_chunks: Sequence[str], **response_kwargs: Any
    ) -> Any:
        """Begin the stream of words for the labelled passages ``text_chunks``."""
        messages = question_prompt(
            query_str, text_chunks, self._asked.history, self._asked.variant.prompt
        )
        stream = await self._llm.astream_chat(
            [LlamaMessage(role=MessageRole(each.role), content=each.content) for each in messages]
        )
        return _words(stream)

    def get_response(
        self, query_str: str, text_chunks: Sequence[str], **response_kwargs: Any
    ) -> NoReturn:
        """Not offered."""
        raise TypeError("Pincite's synthesizer is asynchronous: await aget_response().")


class EngineLLM(CustomLLM):
    """Pincite's engine as a LlamaIndex model that streams and can be stopped."""

    _engine: Engine = PrivateAttr()
    _model: ChatModel = PrivateAttr()
    _asked: Asked = PrivateAttr()

    def __init__(self, engine: Engine, model: ChatModel, asked: Asked) -> None:
        super().__init__()
        self._engine, self._model, self._asked = engine, model, asked

    @property
    def metadata(self) -> LLMMetadata:
        """The sizes that LlamaIndex plans with."""
        return LLMMetadata(
            context_window=self._model.context_tokens,
            num_output=self._model.answer_tokens,
            is_chat_model=True,
            model_name=self._model.name,
        )

    async def astream_chat(
        self, messages: Sequence[LlamaMessage], **kwargs: Any
    ) -> ChatResponseAsyncGen:
        """Stream the engine's words; closing the stream aborts the request on the engine."""
        prompt = [
            ChatMessage(each.role.value, each.content or "")  # type: ignore[arg-type]
            for each in messages
        ]
        return self._respond(prompt)

    async def achat(self, messages: Sequence[LlamaMessage], **kwargs: Any) -> ChatResponse:
        """The whole of what the engine writes."""
        last = ChatResponse(message=LlamaMessage(role=MessageRole.ASSISTANT, content=""))
        async with aclosing(await self.astream_chat(messages)) as responses:
            async for response in responses:
                last = response
        return last

    async def _respond(self, prompt: list[ChatMessage]) -> AsyncGenerator[ChatResponse, None]:
        stream = self._engine.stream(
            prompt,
            max_tokens=self._model.answer_tokens,
            temperature=self._asked.variant.temperature,
            top_p=self._asked.variant.top_p,
            model=self._asked.variant.model,
            salt=self._asked.matter_id,
        )
        written = ""
        async with aclosing(stream) as words:
            async for word in words:
                written += word
                message = LlamaMessage(role=MessageRole.ASSISTANT, content=written)
                yield ChatResponse(message=message, delta=word)

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """Not offered."""
        raise TypeError("Pincite's engine is asynchronous: await astream_chat().")

    def stream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseGen:
        """Not offered."""
        raise TypeError("Pincite's engine is asynchronous: await astream_chat().")


async def judged(
    question: str, answer: str, reference: str, engine: Engine, model: ChatModel
) -> float | None:
    """How right the engine finds an answer, 0 to 1; ``None`` where it gives no mark.

    LlamaIndex's ``CorrectnessEvaluator`` marks from 1 to 5.  It is asked twice, with the reference
    before and after the answer, for a model favours places; the mean counts.  Raises
    ``EngineError``.
    """
    llm = EngineLLM(engine, model, Asked("", question, Variant("judge")))
    told = {
        "query": as_data(question), "response": as_data(answer), "reference": as_data(reference),
    }  # fmt: skip
    marks = []
    for order in (("reference", "generated"), ("generated", "reference")):
        evaluator = CorrectnessEvaluator(llm=llm, eval_template=_judging(order))
        result = await evaluator.aevaluate(**told)
        if result.score is None or not 1 <= result.score <= 5:
            return None
        marks.append((result.score - 1) / 4)
    return sum(marks) / len(marks)


def _judging(order: tuple[str, str]) -> ChatPromptTemplate:
    """LlamaIndex's own instructions, and the two answers in an order of ours."""
    system, _ = DEFAULT_EVAL_TEMPLATE.message_templates  # type: ignore[attr-defined]
    parts = "\n\n".join(f"## {each.capitalize()} Answer\n{{{each}_answer}}" for each in order)
    asked = LlamaMessage(role=MessageRole.USER, content=f"## User Query\n{{query}}\n\n{parts}")
    return ChatPromptTemplate(message_templates=[system, asked])


async def _words(stream: ChatResponseAsyncGen) -> AsyncGenerator[str, None]:
    async with aclosing(stream) as responses:
        async for response in responses:
            yield response.delta or ""


def _passage(each: NodeWithScore) -> Passage:
    if not isinstance(each.node, PassageNode):
        raise TypeError(f"a passage was expected, not {type(each.node).__name__}")
    return each.node.passage
