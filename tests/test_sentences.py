"""Sentences: what is said of a few rows, counted on fingers."""

import pandas as pd
import pytest

from app import sentences
from app.metrics import metrics


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"EMEA": 0.16, "APAC": 0.31}, "0.2 h in EMEA to 0.3 h in APAC"),
        ({"EMEA": 0.21, "APAC": 0.16}, "about 0.2 h in APAC and EMEA"),
        ({"EMEA": 0.21, "APAC": 0.16, "NAMER": 0.18}, "about 0.2 h in all 3 regions"),
        ({"EMEA": 0.21, "unknown": 0.4}, "0.2 h in EMEA"),
    ],
)
def test_a_range_whose_ends_are_written_alike_is_one_number(values: dict[str, float], said: str) -> None:
    """0.16 and 0.21 hours are both 0.2: "0.2 h to 0.2 h" would be no range. Unknown places are not named."""
    rows = pd.DataFrame({"region": list(values), "value": list(values.values())})
    rows = rows.assign(judgement="", status="shown", reference=0.2, reference_kind="all")
    assert sentences.places(metrics()["training_hours"], rows) == f"Training hours: {said}"
