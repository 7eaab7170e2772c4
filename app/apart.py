"""Apart: groups that are told one by one, without a sum of them. Pure numbers.

Who did not say is never told, so that the groups have no end that a reader could add up to: what all together are
known to be, exactly or not, then leaves every small group open but for the few cases that are looked for here.
"""

from collections.abc import Hashable
from itertools import chain, combinations, product

import pandas as pd

from app.confidential import Rules

ALL = "all"
UNDISCLOSED = "not disclosed"
WITHHELD = "withheld"


def within(people: dict[Hashable, int], most: dict[Hashable, int | None], rules: Rules) -> dict[Hashable, tuple]:
    """Groups of which each is part of another whose count is told already (`most`; None: it is not): count and status.

    That a part is no larger than its whole says nothing new of either where both are told and the part as smaller; and
    who is not in it is then open as well.
    """
    told = {}
    for group, count in people.items():
        shown, whole = rules.told(count), most.get(group)
        if whole is None or (shown is not None and shown + rules.nearest > whole):
            told[group] = (None, WITHHELD)
        else:
            told[group] = (shown, rules.few if shown is None else "shown")
    return told


def divided(people: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Groups divided by an outcome, of which the last column is never told: category, outcome, people (told), status.

    `people` has a row for each category, who did not say among them. Of each other category all are told, and each
    outcome but the last. Sums over categories are taken to be known exactly: other numbers may tell them.
    """
    outcomes = list(people.columns[:-1])
    counts = people[outcomes].assign(**{ALL: people.sum(axis=1)})
    groups = [name for name in people.index if name != UNDISCLOSED]
    status = {
        (group, outcome): "shown" if counts.at[group, outcome] >= rules.least_people else rules.few
        for group, outcome in product(groups, counts.columns)
    }
    for group in groups:
        if _is_narrow(people.loc[group], status, rules):
            status |= {(group, outcome): WITHHELD for outcome in outcomes}
    if (people.sum() < rules.least_people).any() or _is_rest_short(people, status, rules):
        status |= {key: WITHHELD for key in status if key[1] != ALL}
    for outcome in counts.columns:
        while _is_short(counts[outcome], groups, status, rules):
            shown = [group for group in groups if status[group, outcome] == "shown"]
            if not shown:
                status |= {(group, outcome): WITHHELD for group in groups}
                break
            status[min(shown, key=lambda group: counts.at[group, outcome]), outcome] = WITHHELD
    told = [(*key, rules.told(int(counts.at[key])) if said == "shown" else None, said) for key, said in status.items()]
    return pd.DataFrame(told, columns=["category", "outcome", "people", "status"]).astype({"people": "Int64"})


def _is_narrow(group: pd.Series, status: dict, rules: Rules) -> bool:
    """Whether what is told of a group leaves too few sizes to a small part of it: an outcome, or several together."""
    names = list(group.index)
    known = [_range(int(group[name]), status[group.name, name], rules) for name in names[:-1]]
    whole = _range(int(group.sum()), status[group.name, ALL], rules)
    parts = chain.from_iterable(combinations(range(len(names)), size) for size in range(1, len(names)))
    sizes = {part: set() for part in parts if group.iloc[list(part)].sum() < rules.least_people}
    for *told, every in product(*(range(low, high + 1) for low, high in (*known, whole))):
        if (rest := every - sum(told)) >= 0:
            for part, found in sizes.items():
                found.add(sum((*told, rest)[place] for place in part))
    return any(len(found) < rules.narrowest for found in sizes.values())


def _is_short(counts: pd.Series, groups: list[str], status: dict, rules: Rules) -> bool:
    """Whether the sum of an outcome, known exactly, leaves too few sizes to a small group or to who did not say."""
    ends = {group: _range(int(counts[group]), status[group, counts.name], rules) for group in groups}
    is_open = any(status[group, counts.name] == WITHHELD for group in groups)
    rest = int(counts.sum()) - sum(low for low, _ in ends.values())  # what lies above the least of all
    has_few = any(status[group, counts.name] == rules.few for group in groups)
    if has_few and rest < rules.narrowest - 1:
        return True
    undisclosed = int(counts.get(UNDISCLOSED, 0))
    least = 0 if is_open else max(0, int(counts.sum()) - sum(high for _, high in ends.values()))
    return undisclosed < rules.least_people and rest - least < rules.narrowest - 1


def _is_rest_short(people: pd.DataFrame, status: dict, rules: Rules) -> bool:
    """Whether the outcome that is not told is small in a group, and too few sizes are left by all others of it."""
    *outcomes, last = people.columns
    ends = {}
    for group in dict.fromkeys(group for group, _ in status):
        known = [_range(int(people.at[group, name]), status[group, name], rules) for name in outcomes]
        low, high = _range(int(people.loc[group].sum()), status[group, ALL], rules)
        is_open = any(status[group, name] == WITHHELD for name in outcomes)
        most = high - sum(least for least, _ in known)
        ends[group] = (0 if is_open else max(0, low - sum(most for _, most in known))), most
    rest = int(people[last].sum()) - sum(low for low, _ in ends.values())  # what lies above the least of all
    small = [group for group in ends if people.at[group, last] < rules.least_people]
    if any(min(ends[group][1] - ends[group][0], rest) < rules.narrowest - 1 for group in small):
        return True
    least = max(0, int(people[last].sum()) - sum(high for _, high in ends.values()))
    silent = people[last].get(UNDISCLOSED, 0)
    return silent < rules.least_people and rest - least < rules.narrowest - 1


def _range(people: int, status: str, rules: Rules) -> tuple[int, int]:
    """The fewest and the most people that a status stands for; of what is withheld, nothing is known."""
    if status == "shown":
        return rules.behind(rules.told(people))
    return 0, (rules.least_people - 1 if status == rules.few else 0)
