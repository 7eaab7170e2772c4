"""Gaps: what chance and the rounding of counts leave of a difference between groups. Pure numbers."""

from itertools import product
from math import exp, lgamma

from app.spc import wilson

Range = tuple[float, float]  # the least and the most that a number can be


def share_within(part: Range, others: Range) -> Range:
    """The least and the greatest share of a part in itself and the others."""
    low, high = part[0] + others[1], part[1] + others[0]
    return (part[0] / low if low else 0.0), (part[1] / high if high else 1.0)


def rate_gap(part: Range, whole: Range, other_part: Range, other_whole: Range) -> Range:
    """The least and the greatest rate of a group minus that of the others; no rate is above one."""
    low = part[0] / whole[1] - min(other_part[1] / max(other_whole[0], 1), 1.0)
    return low, min(part[1] / max(whole[0], 1), 1.0) - other_part[0] / other_whole[1]


def difference(part: float, whole: float, other_part: float, other_whole: float) -> Range:
    """95 % interval of a difference of two shares (Newcombe 1998, method 10: from the two Wilson intervals)."""
    first, second = part / whole, other_part / other_whole
    (low, high), (other_low, other_high) = wilson(part, whole), wilson(other_part, other_whole)
    gap = first - second
    below = ((first - low) ** 2 + (other_high - second) ** 2) ** 0.5
    above = ((high - first) ** 2 + (second - other_low) ** 2) ** 0.5
    return gap - below, gap + above


def difference_of_rounded(yes: Range, no: Range, other_yes: Range, other_no: Range) -> Range:
    """The same of counts that are told rounded: from the least end to the greatest of what they can be."""
    ends = [
        difference(one, one + less, other, other + fewer)
        for one, less, other, fewer in product(yes, no, other_yes, other_no)
    ]
    return min(low for low, _ in ends), max(high for _, high in ends)


def fisher(yes: int, no: int, other_yes: int, other_no: int) -> float:
    """Two-sided p of Fisher's exact test: the chance of all tables with these sums no likelier than this one."""
    whole, chosen, several = yes + no, yes + other_yes, yes + no + other_yes + other_no

    def chance(count: int) -> float:
        return exp(_choose(whole, count) + _choose(several - whole, chosen - count) - _choose(several, chosen))

    this = chance(yes) * (1 + 1e-7)
    counts = range(max(0, chosen - (several - whole)), min(whole, chosen) + 1)
    return min(1.0, sum(one for one in map(chance, counts) if one <= this))


def _choose(of: int, count: int) -> float:
    """The logarithm of how many ways there are to choose so many of them."""
    return lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)
