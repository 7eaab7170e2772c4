"""The choice of a reader in words, in parameters, and in what an address may ask for."""

from datetime import date

import pytest

from app.filters import FIRST, LAST, Filters, chosen

KNOWN = {"region": ("EMEA", "LATAM"), "channel": ("Phone",), "month": ("2026-01", "2026-02")}
JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 1)


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (Filters(), "All regions · all channels · whole period"),
        (Filters(("EMEA", "LATAM"), ("Phone",)), "EMEA and LATAM · Phone · whole period"),
        (Filters(start=JANUARY), "All regions · all channels · from Jan 2026"),
        (Filters(end=MARCH), "All regions · all channels · to Mar 2026"),
        (Filters(start=JANUARY, end=MARCH), "All regions · all channels · Jan 2026 – Mar 2026"),
        (Filters(start=MARCH, end=MARCH), "All regions · all channels · Mar 2026"),
    ],
)
def test_a_choice_is_said_in_words(filters: Filters, words: str) -> None:
    assert filters.words() == words


def test_nothing_chosen_means_everything() -> None:
    assert Filters().parameters() == {"regions": [], "channels": [], "from": FIRST, "to": LAST}


@pytest.mark.parametrize(
    ("filters", "scope"),
    [
        (Filters(), ("everyone", "")),
        (Filters(("EMEA",)), ("region", "EMEA")),
        (Filters((), ("Phone",)), ("channel", "Phone")),
        (Filters(("EMEA",), ("Phone",)), ("region", "EMEA")),
        (Filters(("EMEA", "LATAM"), ("Phone",)), ("channel", "Phone")),
        (Filters(("EMEA", "LATAM")), ("everyone", "")),
        (Filters(("EMEA", "LATAM"), ("Phone", "Chat")), ("everyone", "")),
    ],
)
def test_people_are_shown_for_everyone_one_region_or_one_channel(filters: Filters, scope: tuple) -> None:
    """Never for both at once, nor for a choice of several: the nearest scope that holds all who were chosen."""
    assert filters.scope() == scope


def test_what_does_not_fit_is_left_out_and_said() -> None:
    found, complaints = chosen(["EMEA", "Mars"], ["Drum"], "2026-02", "2026-01", KNOWN)
    assert found == Filters(("EMEA",))
    assert [complaint.split(":")[1].strip() for complaint in complaints] == [
        "showing EMEA.",
        "showing all channels.",
        "showing all months.",
    ]
    assert not any(word in " ".join(complaints) for word in ("Mars", "Drum")), "nothing that was asked for is echoed"
