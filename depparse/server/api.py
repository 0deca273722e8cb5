"""depparse's own JSON API: parse, compare, draw."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.responses import Response

from depparse.document.document import Document
from depparse.document.sentence import Sentence
from depparse.evaluation.breakdown import breakdown
from depparse.evaluation.differences import differences_of
from depparse.evaluation.metrics import sections
from depparse.evaluation.pair import Pair
from depparse.evaluation.report import SectionReport
from depparse.evaluation.scores import TREES
from depparse.formats.conllu import parse_conllu
from depparse.server.bodies import (
    CheckBody,
    Checked,
    CompareBody,
    Compared,
    DrawBody,
    Finding,
    Input,
    ModelCard,
    ModelList,
    Options,
    ParseBody,
    Parsed,
    Problem,
    chosen_sentence,
)
from depparse.server.limits import Limits
from depparse.server.models import Models, ServedModel
from depparse.server.service import Service
from depparse.treebanks.checks import check as check_treebank
from depparse.visualize.page import draw_page
from depparse.visualize.svg import draw_svg

_MEANINGS = {
    400: "What is asked cannot be done, or the input is broken.",
    404: "There is no such model.",
    408: "The request did not arrive in time.",
    413: "Too much text, too many words, or a sentence that is too long.",
    422: "The body is not as described.",
    429: "Too many requests are waiting; Retry-After says when to try again.",
    504: "The answer was not ready in time.",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": meaning} for status, meaning in _MEANINGS.items()
}
_DRAWN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The drawing.",
        "content": {kind: {"schema": {"type": "string"}} for kind in ("image/svg+xml", "text/html")},
    }
}


def routes(service: Service) -> APIRouter:
    """The routes of the JSON API."""
    router = APIRouter(prefix="/v1", tags=["depparse"])

    @router.get("/models", operation_id="list_models")
    async def models() -> ModelList:
        """The models, with their parts, columns, languages and licences."""
        known = service.models
        return ModelList(default=known.default.name, models=list(map(_card, known.all.values())))

    @router.post("/parse", operation_id="parse", response_model=Parsed, responses=PROBLEMS)
    async def parse(asked: ParseBody, http: Request) -> Response:
        """Annotates a text, sentences or CoNLL-U."""
        model = service.models.find(asked.model)
        sentences = await annotated(http, model, asked, _options(asked, service.models))
        return Response(
            await service.run(http, _parsed, model, sentences, asked.formats), media_type="application/json"
        )

    @router.post("/compare", operation_id="compare", response_model=Compared, responses=PROBLEMS)
    async def compare(asked: CompareBody, http: Request) -> Response:
        """Scores an analysis against another one of the same text, as ``depparse evaluate`` does."""
        service.limits.check_characters(asked.gold, asked.system)
        return JSONResponse(await service.run(http, _compared, asked, service.limits))

    @router.post("/check", operation_id="check", response_model=Checked, responses=PROBLEMS)
    async def check(asked: CheckBody, http: Request) -> Checked:
        """Checks CoNLL-U for faults, as ``depparse corpora check`` does."""
        service.limits.check_characters(asked.conllu)
        return await service.run(http, _checked, asked.conllu)

    @router.post("/draw", operation_id="draw", response_class=Response, responses=PROBLEMS | _DRAWN)
    async def draw(asked: DrawBody, http: Request) -> Response:
        """Draws trees: one as SVG, or all on a page."""
        if asked.conllu is None:
            options = _options(asked, service.models)
            sentences = await annotated(http, service.models.find(asked.model), asked, options)
        else:
            asked.check(service.limits)
            sentences = await service.run(http, _read, asked.conllu, service.limits)
        text = await service.run(http, _drawn, asked, sentences)
        if asked.format == "html":
            return HTMLResponse(
                text, headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
            )
        return Response(text, media_type="image/svg+xml")

    async def annotated(http: Request, model: ServedModel, input: Input, options: Options) -> list[Sentence]:
        input.check(service.limits)
        request = model.pipeline.request(**options.asked(service.limits))
        given = await service.run(http, input.read)
        return await service.analyse(http, model, request, given)

    return router


def _options(asked: ParseBody | DrawBody, models: Models) -> Options:
    """The options, with the language by which the model was asked for, if they name none."""
    language, options = models.language(asked.model), asked.options
    if language is None or options.language is not None or options.treebank is not None:
        return options
    return options.model_copy(update={"language": language})


def _card(model: ServedModel) -> ModelCard:
    pipeline = model.pipeline
    return ModelCard(
        name=model.name,
        parts=list(pipeline.parts),
        columns=list(pipeline.writes),
        languages=pipeline.facts.languages(),
        treebanks=list(pipeline.treebanks),
        licences=pipeline.facts.licences(),
    )


def _read(conllu: str, limits: Limits) -> list[Sentence]:
    return limits.check_sentences(list(parse_conllu(conllu)))


def _parsed(model: ServedModel, sentences: list[Sentence], formats: Sequence[str]) -> bytes:
    """The body of `Parsed`."""
    document = Document(sentences)
    answer: dict[str, Any] = {"model": model.name, "words": document.num_words, "sentences": len(document)}
    if "json" in formats:
        answer["document"] = document.to_dict()
    if "conllu" in formats:
        answer["conllu"] = document.to_conllu()
    return json.dumps(answer, ensure_ascii=False).encode()


def _compared(asked: CompareBody, limits: Limits) -> dict[str, Any]:
    """`Compared` as a dictionary. Raises FormatError and EvaluationError."""
    gold = Document(limits.check_sentences(list(parse_conllu(asked.gold, name="gold"))))
    system = Document(limits.check_sentences(list(parse_conllu(asked.system, name="system"))))
    pair = Pair(gold, system)
    held = [section for section in sections() if section.held(gold) and section.offered(system)] or [TREES]
    scores = {section.key: SectionReport.of(pair, section).to_dict() for section in held}
    by = {name: [group.to_dict() for group in breakdown(pair, name)] for name in asked.by}
    return {"scores": scores, "by": by, "differences": differences_of([pair]).to_dict() if asked.differences else None}


def _checked(conllu: str) -> Checked:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "text.conllu")
        file.write_text(conllu, encoding="utf-8", errors="replace")
        found = check_treebank(file)
    return Checked(
        findings=[
            Finding(
                severity=one.severity,
                code=one.code,
                message=one.message,
                remedy=one.remedy,
                places=[f"line {place.rpartition(':')[2]}" for place in one.places if ":" in place],
            )
            for one in found
        ]
    )


def _drawn(asked: DrawBody, sentences: list[Sentence]) -> str:
    if asked.format == "html":
        return "".join(draw_page(sentences, width=asked.width, show=asked.show))
    return draw_svg(sentences[chosen_sentence(asked.sentence, len(sentences))], width=asked.width, show=asked.show)
