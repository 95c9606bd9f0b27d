"""The routes."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

from .gate import Gate
from .load import Loaded
from .metrics import Metrics
from .observe import Observe
from .predict import predict
from .refusal import Refusal
from .settings import Settings


@dataclass
class State:
    """What changes while the server lives."""

    settings: Settings
    metrics: Metrics = field(default_factory=Metrics)
    model: Loaded | None = None
    leaving: bool = False


ROWS = {"type": "array", "minItems": 1, "items": {"type": "array", "minItems": 1}, "description": "Rows of numbers, or of lists of numbers; all of one shape."}
BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object", "required": ["features"], "additionalProperties": False, "properties": {"features": ROWS}}, "example": {"features": [[1.0], [2.0]]}}}}}
ANSWER = {"application/json": {"schema": {"type": "object", "required": ["predictions"], "properties": {"predictions": {"description": "What the model answered."}, "model_version": {"type": "string", "description": "MODEL_VERSION, where it is set."}}}}}
FAILURE = {"application/json": {"schema": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string", "description": "One sentence with the remedy."}}}}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The predictions.", "content": ANSWER},
    400: {"description": "The body is not JSON.", "content": FAILURE},
    408: {"description": "The body came too slowly.", "content": FAILURE},
    413: {"description": "Too many bytes or rows.", "content": FAILURE},
    415: {"description": "The body is compressed.", "content": FAILURE},
    422: {"description": "The features are not what the model takes.", "content": FAILURE},
    500: {"description": "The model failed, or answered what JSON cannot hold.", "content": FAILURE},
    503: {"description": "Too many requests at once, or the model is still being loaded. Retry-After says when to come back.", "content": FAILURE},
}


def make_app(state: State) -> FastAPI:
    """The application. Its state may change under it."""
    # The pages of documentation would load scripts from elsewhere; /openapi.json is the same without.
    app = FastAPI(title="fastapi-pytorch", version=state.settings.model_version or "0", docs_url=None, redoc_url=None)
    gate = Gate(state.settings, state.metrics)
    threads = ThreadPoolExecutor(state.settings.predict_threads, "predict")

    @app.get("/healthz", response_class=JSONResponse)
    async def healthz() -> Any:
        return {"status": "ok"}

    @app.get("/readyz", response_class=JSONResponse)
    async def readyz() -> Any:
        if state.leaving:
            return JSONResponse({"status": "leaving"}, 503)
        if state.model is None:
            return JSONResponse({"status": "loading the model"}, 503)
        return {"status": "ready", "model": {"format": state.model.format, "version": state.settings.model_version, "sha256": state.model.sha256}}

    @app.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        return Response(generate_latest(state.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @app.post("/predict", response_class=JSONResponse, responses=RESPONSES, openapi_extra=BODY)
    async def predictions(request: Request) -> Response:
        async with gate.entered():
            body = await gate.read_body(request)
            if state.model is None:
                raise Refusal(503, "loading", "The model is still being loaded; come back in a second", retry_after=1)
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(threads, predict, body, state.model, state.settings, state.metrics)
        return Response(answer, media_type="application/json")

    paths = {route.path for route in app.routes if hasattr(route, "path")}
    app.add_middleware(Observe, metrics=state.metrics, paths=paths)

    @app.exception_handler(Refusal)
    async def refused(_request: Request, refusal: Refusal) -> Response:
        state.metrics.refused.labels(refusal.reason).inc()
        headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else None
        return JSONResponse({"error": refusal.sentence}, refusal.status, headers)

    @app.exception_handler(HTTPException)
    async def no_such_thing(request: Request, error: HTTPException) -> Response:
        sentence = f"{request.method} {request.url.path[:100]}: {error.detail}; POST /predict takes features, and GET answers at /healthz, /readyz, /metrics and /openapi.json"
        return JSONResponse({"error": sentence}, error.status_code, error.headers)

    return app
