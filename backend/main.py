"""The API process: wiring, nothing else."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter
from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware

import backend.audit.routes
import backend.auth.routes
import backend.changes.routes
import backend.corrections.routes
import backend.datasets.routes
import backend.exports.routes
import backend.health
import backend.jobs.routes
import backend.labels.routes
import backend.metrics
import backend.predictions.routes
import backend.recipes.routes
import backend.reviews.routes
import backend.revisions.routes
import backend.rounds.routes
import backend.runs.routes
import backend.what_if.routes
import backend.workers.routes
from backend.artifacts import configured_store
from backend.auth.cross_site import RefuseCrossSite
from backend.auth.first_admin import make_from_settings
from backend.auth.secret_in_address import RefuseSecretInAddress
from backend.database import open_engine
from backend.dependencies import require
from backend.errors import add_error_handlers
from backend.http_methods import HeadAndOptions
from backend.jobs.upkeep import start_upkeep
from backend.observed_requests import ObservedRequests, bind_ids
from backend.openapi import document, operation_id
from backend.request_limits import BodyLimit, KnownHosts, plain_values
from backend.response_headers import SafeHeaders
from backend.settings import get_settings
from backend.structured_logs import write_structured_logs
from hiast import __version__

ROUTERS = (
    backend.datasets.routes.router,
    backend.recipes.routes.router,
    backend.runs.routes.router,
    backend.rounds.routes.router,
    backend.what_if.routes.router,
    backend.revisions.routes.router,
    backend.changes.routes.router,
    backend.labels.routes.router,
    backend.reviews.routes.router,
    backend.corrections.routes.router,
    backend.predictions.routes.router,
    backend.exports.routes.router,
    backend.jobs.routes.router,
    backend.workers.routes.router,
    backend.auth.routes.router,
    backend.audit.routes.router,
)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    make_from_settings(app.state.engine, get_settings())
    app.state.upkeep = start_upkeep(app.state.engine, get_settings().upkeep_seconds)
    yield
    app.state.upkeep.stop.set()
    app.state.engine.dispose()


def create_app() -> FastAPI:
    """The API on the database and artifacts the settings name. The database must be migrated."""
    write_structured_logs()
    settings = get_settings()
    app = FastAPI(
        title="HIAST Studio",
        version=__version__,
        description="Run HIAST self-training; review pseudo-labels before a round trains on them.",
        docs_url="/api/docs",
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        generate_unique_id_function=operation_id,
        lifespan=_lifespan,
    )
    app.state.engine = open_engine(settings.resolved_database_url)
    app.state.upkeep = None
    app.state.layer_threads = CapacityLimiter(max(4, os.cpu_count() or 1))
    app.state.artifacts = configured_store(settings)
    add_error_handlers(app)
    # The last one added is the outermost.
    app.add_middleware(HeadAndOptions)
    app.add_middleware(BodyLimit)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=1)
    app.add_middleware(RefuseSecretInAddress)
    app.add_middleware(RefuseCrossSite, trusted_origins=settings.trusted_ui_origins)
    app.add_middleware(KnownHosts, hosts=settings.allowed_hosts.split(","))
    app.add_middleware(ObservedRequests)
    app.add_middleware(SafeHeaders)
    every_route = [Depends(bind_ids), Depends(plain_values)]
    door = APIRouter(prefix="/api/v1", dependencies=every_route)
    door.include_router(backend.auth.routes.door)
    app.include_router(door)
    # No route can be forgotten: whoever is nobody reads nothing. What changes something asks for more.
    api = APIRouter(prefix="/api/v1", dependencies=[*every_route, Depends(require("read"))])
    for router in ROUTERS:
        api.include_router(router)
    app.include_router(api)
    app.include_router(backend.health.router)
    app.include_router(backend.metrics.router)
    document(app)
    return app
