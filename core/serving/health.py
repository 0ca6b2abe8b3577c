"""Whether Pincite lives and whether it is ready, for programs that watch it: a state, no more."""

from collections.abc import Callable, Sequence

from fastapi import APIRouter, Response

from core.types import ModelStatus


def health_routes(status: Callable[[], Sequence[ModelStatus]]) -> APIRouter:
    """``/healthz`` answers while the process lives, ``/readyz`` with 503 until all is ready.

    Both are open to anyone, so neither says which models there are or what is wrong with one.
    """
    routes = APIRouter()

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz")
    async def readyz(response: Response) -> dict[str, str]:
        if all(each.state == "ready" for each in status()):
            return {"status": "ready"}
        response.status_code = 503
        return {"status": "not ready"}

    return routes
