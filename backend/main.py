"""The API process: wiring, nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

import backend.datasets.routes
import backend.health
import backend.jobs.routes
import backend.labels.routes
import backend.recipes.routes
import backend.rounds.routes
import backend.runs.routes
import backend.workers.routes
from backend.database import open_engine
from backend.errors import add_error_handlers
from backend.jobs.upkeep import start_upkeep
from backend.settings import get_settings
from hiast import __version__

ROUTERS = (
    backend.datasets.routes.router,
    backend.recipes.routes.router,
    backend.runs.routes.router,
    backend.rounds.routes.router,
    backend.labels.routes.router,
    backend.jobs.routes.router,
    backend.workers.routes.router,
)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    stop = start_upkeep(app.state.engine, get_settings().upkeep_seconds)
    yield
    stop.set()
    app.state.engine.dispose()


def create_app() -> FastAPI:
    """The API on the database and artifacts the settings name. The database must be migrated."""
    settings = get_settings()
    app = FastAPI(
        title="HIAST Studio",
        version=__version__,
        description="Run HIAST self-training; review pseudo-labels before a round trains on them.",
        docs_url="/api/docs",
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=_lifespan,
    )
    app.state.engine = open_engine(settings.resolved_database_url)
    add_error_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=1)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.allowed_hosts.split(","))
    api = APIRouter(prefix="/api/v1")
    for router in ROUTERS:
        api.include_router(router)
    app.include_router(api)
    app.include_router(backend.health.router)
    return app
