"""The parts of a pipeline: its networks, its segmenter, and what is known of them."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from depparse.arguments import check_path, check_type
from depparse.document.annotations import void_kinds
from depparse.inference.inputs import Segmenter
from depparse.inference.networks import InTorch, Networks
from depparse.inference.request import Request
from depparse.model.codec import ModelCodec
from depparse.model_folder.facts import Facts
from depparse.runtimes.scorer import Scorer
from depparse.segmentation.segmenter import Segmenter as OwnSegmenter
from depparse.treebanks.languages import Languages

if TYPE_CHECKING:
    from depparse.model.model import Model
    from depparse.model_folder.description import Weights

SEGMENTER = "segmenter"  # the name of the part that segments text


class Parts:
    """A model in torch, or its codecs and the engine that computes it; a segmenter; the facts and the card."""

    def __init__(
        self,
        model: Model | ModelCodec | None,
        card: str = "",
        segmenter: Segmenter | None = None,
        facts: Facts | None = None,
        *,
        scorer: Scorer | None = None,
        in_torch: InTorch | None = None,
    ) -> None:
        self._networks = Networks(model, scorer, in_torch)
        self.card, self.segmenter, self.facts = card, segmenter, facts or Facts()
        self._languages = Languages(())

    def __repr__(self) -> str:
        """The parts of the pipeline and the languages of its data, in one line."""
        lists = (self.parts or ("rules that split text",), self.facts.languages())
        return f"<Pipeline: {'; '.join(', '.join(names) for names in lists if names)}>"

    @property
    def model(self) -> Model | None:
        """The model in torch. If another engine computes it, it is loaded now, and torch computes it from now on."""
        if self.codec is not None:
            self._in_torch()
        return self._networks.model

    @property
    def codec(self) -> ModelCodec | None:
        """The codecs of the model, if there is one."""
        return self._networks.codec

    @property
    def scorer(self) -> Scorer | None:
        """The engine that computes the networks of the model: the one that was given, or torch."""
        return self._networks.scorer

    def _in_torch(self, *, if_lost: bool = False) -> None:
        if self._networks.is_lost or not if_lost:
            self.segmenter = self._networks.to_torch(self.segmenter)

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts of the pipeline: ``segmenter``, if there is one, and those of the tasks."""
        return (*((SEGMENTER,) if self.segmenter is not None else ()), *(self.codec.tasks if self.codec else ()))

    @property
    def treebanks(self) -> tuple[str, ...]:
        """The names of the treebanks that the model or, without a model, the segmenter learned from."""
        if self.codec is not None:
            return self.codec.treebanks
        return self.segmenter.codec.treebanks if isinstance(self.segmenter, OwnSegmenter) else ()

    @property
    def writes(self) -> tuple[str, ...]:
        """The columns that the model predicts."""
        return self.written(Request())

    def written(self, request: Request) -> tuple[str, ...]:
        """The columns that the model predicts at such a request."""
        writes = self.codec.writes if self.codec else {}
        return tuple(name for task, names in writes.items() if task not in request.without for name in names)

    def void(self, request: Request) -> tuple[str, ...]:
        """The columns of the input that such a request removes: DEPS if trees are predicted anew and graphs are not."""
        return tuple(name for kind in void_kinds(self.written(request), request.keep) for name in kind.columns)

    @property
    def languages(self) -> Languages:
        """The languages of the treebanks."""
        treebanks = self.treebanks
        if self._languages.treebanks != treebanks:
            self._languages = Languages(treebanks)
        return self._languages

    def save(self, folder: str | os.PathLike[str], weights: Weights = "float32") -> None:
        """Writes the model folder. Weights stored as ``float16`` or ``int8`` take a half or a quarter of the space.

        Raises ConfigError for parts that a folder cannot hold: a segmenter that is not depparse's, or a model whose
        networks are not torch's.
        """
        self._save(folder, weights)

    def save_pretrained(self, folder: str | os.PathLike[str], weights: Weights = "float32") -> None:
        """As `save`; but a card without metadata for the Hugging Face hub gets it, which is made of the facts."""
        self._save(folder, weights, metadata=True)

    def push_to_hub(
        self,
        repo_id: str,
        *,
        private: bool | None = None,
        commit_message: str | None = None,
        token: str | bool | None = None,
        weights: Weights = "float32",
    ) -> str:
        """Brings the model to the repository `repo_id` of the Hugging Face hub, and returns the address of the commit.

        The files are those of `save_pretrained`. A repository that is missing is made, `private` or as is the default
        of its owner. `token` is that of a user who may write there, by default the one of ``hf auth login``.

        Raises what `save` raises, and ModelError, in one line, if the hub cannot be reached or refuses.
        """
        check_type(repo_id, str, "repo_id", "the name of a repository, such as 'user/model'")
        from depparse.model_folder.find import SIZES
        from depparse.model_folder.hub import pushed

        with TemporaryDirectory(prefix="depparse-") as place:
            folder = Path(place, repo_id.rpartition("/")[2] or "model")
            self.save_pretrained(folder, weights)
            return pushed(folder, repo_id, SIZES, private=private, commit_message=commit_message, token=token)

    def _save(self, folder: str | os.PathLike[str], weights: Weights, *, metadata: bool = False) -> None:
        self._in_torch()
        segmenter = self._networks.stored(self.segmenter)
        from depparse.model_folder.store import save as save_model

        check_path(folder, "folder")
        options: Any = {"segmenter": segmenter, "weights": weights, "metadata": metadata}
        save_model(self.model, Path(folder), self.facts, card=self.card or None, **options)
