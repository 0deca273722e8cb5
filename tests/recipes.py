"""Configs of small models, and of runs that are over in seconds."""

from __future__ import annotations

from typing import Any

from depparse.training.loop import TrainingConfig
from depparse.training.optim import OptimizerConfig

Settings = dict[str, Any]

# -- encoders

INPUTS: list[Settings] = [
    {"type": "words", "width": 16, "min_count": 1},
    {"type": "characters", "width": 24, "embedding": 8, "min_count": 1},
]
CONTEXTS: dict[str, Settings | None] = {
    "none": None,
    "bilstm": {"type": "bilstm", "width": 32, "layers": 2, "dropout": 0.1},
    "gru": {"type": "bilstm", "cell": "gru", "width": 32, "layers": 1, "dropout": 0.1},
    "linear_recurrent": {"type": "linear_recurrent", "width": 32, "layers": 2, "dropout": 0.1},
}

# -- tasks

TASKS: dict[str, Settings] = {
    "tagger": {"type": "tagger", "width": 32, "dropout": 0.1},
    "lemmatizer": {"type": "lemmatizer", "width": 32, "dropout": 0.1},
    "dependencies": {"type": "dependencies", "arc_width": 32, "label_width": 16, "dropout": 0.1},
}
PARSER: dict[str, Settings] = {"dependencies": TASKS["dependencies"]}
FLAT: Settings = {"type": "ner", "width": 32, "dropout": 0.1}
NESTED: Settings = {"type": "nested_ner", "width": 32, "dropout": 0.1}
ENHANCED: Settings = {
    "type": "enhanced", "arc_width": 32, "label_width": 32, "tree_width": 16, "min_count": 1, "dropout": 0.1
}  # fmt: skip

# -- layers over trees, for tasks that read trees

GCN: Settings = {"syntax": {"type": "gcn", "width": 16, "layers": 2, "dropout": 0.1}}
DGLSTM: Settings = {"syntax": {"type": "dglstm", "width": 16, "relation_width": 8, "dropout": 0.1}}

# -- runs

# These settings suffice to learn a few sentences by heart.
QUICK = TrainingConfig(
    epochs=150,
    precision="fp32",
    evaluate_every=150,
    optimizer=OptimizerConfig(learning_rate=1e-2, warmup=0.1, average="none"),
)
# A tagger and a parser that learn next to nothing.
TINY: Settings = {
    "model": {
        "encoder": {
            "inputs": [{"type": "words", "width": 16}, {"type": "characters", "width": 16, "embedding": 8}],
            "context": {"type": "bilstm", "width": 16, "layers": 1},
        },
        "tasks": {
            "tagger": {"type": "tagger", "width": 16},
            "dependencies": {"type": "dependencies", "arc_width": 16, "label_width": 8},
        },
    },
    "training": {"epochs": 2, "batch_words": 100, "precision": "fp32"},
}
# The tiny recipe with a segmenter.
WHOLE: Settings = TINY | {
    "segmentation": {
        "network": {"embedding": 16, "width": 32, "layers": 2, "words": 16, "token_width": 32, "token_layers": 1},
        "passage_words": 40,
        "training": {
            "epochs": 4, "batch_words": 100, "evaluate_every": 2, "precision": "fp32",
            "optimizer": {"learning_rate": 8e-3},
        },
    }
}  # fmt: skip
