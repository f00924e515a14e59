"""The words that somebody may have meant who typed another one."""

from collections.abc import Iterable

_MOST = 3
"""Words named at most."""
_LONGEST = 24
"""A longer word is nothing that was mistyped."""


def nearest(word: str, words: Iterable[str]) -> list[str]:
    """The words that are nearest to `word`, best first; only near ones: one slip for every three letters."""
    word = word.lower()
    allowed = max(1, (len(word) + 1) // 3)
    if not 1 < len(word) <= _LONGEST:
        return []
    near = {
        other: distance(word, other) for other in words if abs(len(other) - len(word)) <= allowed and len(other) > 1
    }
    best = min(near.values(), default=allowed + 1)
    if best > allowed:
        return []
    found = [other for other, slips in near.items() if slips == best]
    return sorted(dict.fromkeys(found), key=lambda other: (other[0] != word[0], other))[:_MOST]


def distance(first: str, second: str) -> int:
    """Slips that make one word of the other: a letter left out, put in or replaced, or two neighbours exchanged.

    The optimal string alignment distance.
    """
    before: list[int] = []
    above = list(range(len(second) + 1))
    for n, letter in enumerate(first, 1):
        row = [n]
        for m, other in enumerate(second, 1):
            slips = min(above[m] + 1, row[m - 1] + 1, above[m - 1] + (letter != other))
            if n > 1 and m > 1 and letter == second[m - 2] and first[n - 2] == other:
                slips = min(slips, before[m - 2] + 1)
            row.append(slips)
        before, above = above, row
    return above[-1]
