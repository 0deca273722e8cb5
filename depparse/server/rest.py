"""UDPipe's REST API over HTTP: parameters in the URL, a form, a multipart form or JSON."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from depparse.document.sentence import Sentence
from depparse.server.limits import Limits, Refusal
from depparse.server.service import Service
from depparse.server.udpipe import PARAMETERS, Process, count_characters, weblicht

_FIELDS = 100  # parameters of a request
_STRING = {"type": "string"}
_FORM = {
    "schema": {
        "type": "object",
        "required": ["data"],
        "properties": {name: _STRING | {"description": text} for name, text in PARAMETERS.items()},
    }
}
_ANSWER = {
    "type": "object",
    "required": ["model", "acknowledgements", "result"],
    "properties": {
        "model": _STRING | {"description": "The name of the model."},
        "acknowledgements": {"type": "array", "items": _STRING},
        "result": _STRING | {"description": "The output, in the format that was asked for."},
    },
}
_MODELS = {
    "type": "object",
    "required": ["models", "default_model"],
    "properties": {
        "models": {"type": "object", "additionalProperties": {"type": "array", "items": _STRING}},
        "default_model": _STRING,
    },
}
_TEXT = {"content": {"text/plain": {"schema": _STRING}}}


def _responses(schema: dict[str, Any], *errors: int) -> dict[int | str, dict[str, Any]]:
    meanings = {
        400: "A parameter is missing or wrong, or the input cannot be read.",
        408: "The request did not arrive in time.",
        413: "Too much text.",
        429: "Too many requests are waiting; Retry-After says when to try again.",
        504: "The answer was not ready in time.",
    }
    found: dict[int | str, dict[str, Any]] = {
        200: {"description": "The answer.", "content": {"application/json": {"schema": schema}}}
    }
    return {**found, **{status: {"description": meanings[status]} | _TEXT for status in errors}}


_PROCESS = _responses(_ANSWER, 400, 408, 413, 429, 504)
_QUERY = [
    {"name": name, "in": "query", "required": name == "data", "schema": _STRING, "description": text}
    for name, text in PARAMETERS.items()
]
_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "application/json")
_BODY = {"required": True, "content": dict.fromkeys(_TYPES, _FORM)}
_RAW = {"required": True, "content": {"text/plain": {"schema": _STRING}}}


def routes(service: Service) -> APIRouter:
    """The routes of UDPipe's REST API."""
    router = APIRouter(tags=["UDPipe's REST API"])

    async def models() -> Response:
        """The models, with what each can do, and the default model."""
        known = service.models
        listed = {name: model.components for name, model in known.all.items()}
        return _json({"models": listed, "default_model": known.default.name})

    async def process(http: Request) -> Response:
        """Finds words, tags and trees in the data, as the parameters ask."""
        asked, sentences = await processed(http, await parameters_of(http, service.limits))
        billed = count_characters(sentences)
        written = await service.run(http, asked.write, sentences)
        return _json(written, {"X-Billing-Input-NFC-Len": str(billed)})

    async def step(http: Request) -> Response:
        """One step of WebLicht: the body is text (tokenize) or CoNLL-U (tag, parse), and so is the answer."""
        try:
            data = (await http.body()).decode()
        except UnicodeDecodeError:
            raise _wrong("The payload is not in UTF-8 encoding.") from None
        parameters = weblicht(http.url.path, data, http.query_params.get("model"))
        _, sentences = await processed(http, parameters)
        text = "".join(sentence.to_conllu() for sentence in sentences)
        return PlainTextResponse(text, media_type="application/conllu")

    async def processed(http: Request, parameters: dict[str, str]) -> tuple[Process, list[Sentence]]:
        asked = await service.run(http, Process.of, parameters, service.models, service.limits)
        given = await service.run(http, asked.read)
        try:
            sentences = await service.analyse(http, asked.model, asked.request, given, by_rules=asked.by_rules)
        except Refusal as refusal:
            if refusal.kind != "sentence":
                raise
            raise _wrong(f"Sentence longer than {service.limits.sentence_words} words was found, aborting.") from None
        return asked, sentences

    listing: dict[str, Any] = {"responses": _responses(_MODELS), "response_class": JSONResponse}
    router.add_api_route("/models", models, methods=["GET"], operation_id="models", **listing)
    router.add_api_route("/models", models, methods=["POST"], operation_id="models_post", **listing)
    answers: dict[str, Any] = {"responses": _PROCESS, "response_class": JSONResponse}
    router.add_api_route(
        "/process",
        process,
        methods=["GET"],
        operation_id="process",
        openapi_extra={"parameters": _QUERY},
        **answers,
    )
    router.add_api_route(
        "/process",
        process,
        methods=["POST"],
        operation_id="process_post",
        openapi_extra={"requestBody": _BODY},
        **answers,
    )
    for name in ("tokenize", "tag", "parse"):
        router.add_api_route(
            f"/weblicht/{name}",
            step,
            methods=["POST"],
            operation_id=f"weblicht_{name}",
            openapi_extra={"requestBody": _RAW, "parameters": [_QUERY[1]]},
            response_class=PlainTextResponse,
            responses={400: {"description": "The input cannot be read."} | _TEXT},
        )
    return router


async def parameters_of(http: Request, limits: Limits) -> dict[str, str]:
    """The parameters of a request: those of the URL, and of the body, which override them. Raises Refusal."""
    try:
        parameters = _pairs(http.scope["query_string"])
    except ValueError:
        raise _wrong("Cannot parse request URL.") from None
    if http.method != "POST":
        return parameters
    type = http.headers.get("content-type", "").partition(";")[0].strip().lower()
    if type == "application/x-www-form-urlencoded":
        try:
            return parameters | _pairs(await http.body())
        except ValueError:
            raise _wrong(f"Cannot parse the {type} payload.") from None
    if type == "multipart/form-data":
        try:
            return parameters | await _multipart(http, limits)
        except (ValueError, HTTPException):
            raise _wrong(f"Cannot parse the {type} payload.") from None
    if type == "application/json":
        try:
            return parameters | _from_json(json.loads(await http.body()))
        except (ValueError, RecursionError):
            raise _wrong(f"Cannot parse the {type} payload: an object with the parameters is expected.") from None
    if not type and not await http.body():
        return parameters
    raise _wrong(f"Unsupported payload Content-Type '{type or '<none>'}'.")


def _pairs(data: bytes) -> dict[str, str]:
    """The parameters in a query or a form. Raises ValueError."""
    return dict(parse_qsl(data.decode(), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS))


async def _multipart(http: Request, limits: Limits) -> dict[str, str]:
    parameters: dict[str, str] = {}
    async with http.form(max_files=_FIELDS, max_fields=_FIELDS, max_part_size=limits.bytes) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                parameters[name] = (await value.read()).decode()
            else:
                parameters[name] = value
    return parameters


def _from_json(data: Any) -> dict[str, str]:
    """The parameters in an object: text or numbers; true for a parameter without a value, false or null for none."""
    if not isinstance(data, dict) or not all(
        value is None or isinstance(value, (str, bool, int, float)) for value in data.values()
    ):
        raise ValueError("no parameters")
    present = {name: value for name, value in data.items() if value is not None and value is not False}
    return {name: "" if value is True else str(value) for name, value in present.items()}


def _json(data: Any, headers: dict[str, str] | None = None) -> Response:
    """The answer as UDPipe formats it, but with the characters of all scripts as they are."""
    text = json.dumps(data, ensure_ascii=False, indent=1)
    return Response(text + "\n", media_type="application/json", headers=headers)


def _wrong(message: str) -> Refusal:
    return Refusal(400, "input", message)
