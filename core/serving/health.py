"""Whether Pincite lives and what of it is ready, for programs that watch it."""

from collections.abc import Callable, Sequence

from fastapi import APIRouter, Response

from core.types import ModelStatus


def health_routes(status: Callable[[], Sequence[ModelStatus]]) -> APIRouter:
    """``/healthz`` answers while the process lives, ``/readyz`` with 503 until all is ready."""
    routes = APIRouter()

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz")
    async def readyz(response: Response) -> dict[str, str]:
        states = {each.job: each.state for each in status()}
        if any(state != "ready" for state in states.values()):
            response.status_code = 503
        return states

    return routes
