"""Cells to rows: which row is the header of a table that people made by hand, and what is above it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from siuo_dash.ingest.fields import LOOKED_AT, Row, is_blank
from siuo_dash.ingest.findings import Findings, Unreadable, shown
from siuo_dash.ingest.wrapping import is_sample_id

MAX_COLUMNS: Final = 1_000
_NAME: Final = 200
"""Characters of a column's name; a longer cell is text of a sample."""
_HEADERS: Final = 3
"""Rows that a header may have."""
_HIGHEST: Final = 5
"""Rows of a title that may be above a header."""
_BLOCK: Final = " / "
Cells = Sequence[Any]
Numbered = tuple[int, Cells]


@dataclass(frozen=True)
class Located:
    """A table in a grid: its columns' names, its rows below them, and whether a column holds sample ids."""

    names: list[str]
    rows: list[Numbered]
    has_ids: bool


def locate(grid: Sequence[Numbered], findings: Findings) -> Located:
    """The table in these rows, which are not blank and have their numbers; raises Unreadable.

    The header is the first row, unless rows above the first sample show that it is a title or a group of columns: then
    the row that names the most columns is. What is above the header is named in a warning.
    """
    first = _first_sample(grid)
    if first is None:
        title = _titles(grid)
        for number, cells in grid[:title]:
            _report_above(number, cells, findings)
        grid = grid[title:]
        at = _below_groups(grid)
        return Located(check_header(grid[at][1]), list(grid[at + 1 :]), has_ids=False)
    if first == 0:
        raise Unreadable("no header: the first row is a sample", "add a row with the columns' names above it", row=1)
    at = _header(grid[:first])
    above = _groups(grid, at)
    below = [cells for _, cells in grid[at + 1 : first]]
    fills = all(not _filled(cells) & _filled(grid[at][1]) for cells in below)
    for number, cells in grid[: at - len(above)]:
        _report_above(number, cells, findings)
    names = _names(grid[at][1], above, below if fills else [])
    return Located(check_header(names), list(grid[first if fills else at + 1 :]), has_ids=True)


def _titles(grid: Sequence[Numbered]) -> int:
    """How many rows with a single cell are above the header, where no row has an id: a title, 'model: …'."""
    widths = [len(_filled(cells)) for _, cells in grid[: _HIGHEST + 2]]
    titles = next((n for n, width in enumerate(widths) if width > 1), 0)
    return titles if titles <= _HIGHEST and len(widths) > titles + 1 and widths[titles + 1] > 1 else 0


def _report_above(number: int, cells: Cells, findings: Findings) -> None:
    texts = " ".join(str(cell) for cell in cells if not is_blank(cell))
    findings.warning(f"above the header, not read: {shown(texts)}", kind="above the header", row=number)


def has_samples(grid: Sequence[Numbered]) -> bool:
    """Whether a column of these rows holds sample ids."""
    return _first_sample(grid) is not None


def check_header(cells: Cells) -> list[str]:
    """The column names, unnamed ones numbered; raises Unreadable where two are the same or there are too many."""
    if len(cells) > MAX_COLUMNS:
        raise Unreadable(f"{len(cells):,} columns; the limit is {MAX_COLUMNS:,}")
    written = ["" if cell is None else str(cell).strip() for cell in cells]
    names = _in_blocks([cell or f"column {position}" for position, cell in enumerate(written, 1)])
    twice, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise Unreadable(f"two columns have the name {shown(twice)}", "give each column its own name", row=1)
    return names


def _in_blocks(names: list[str]) -> list[str]:
    """The names, those that follow several columns alike with the name of their column: 'llava / Status'."""
    twice = {name for name, count in Counter(names).items() if count > 1}
    blocks: dict[str, list[str]] = {}
    named: list[str] = []
    for name in names:
        if name in twice:
            blocks.setdefault(head := named[-1].split(_BLOCK)[0] if named else "", []).append(name)
            named.append(f"{head}{_BLOCK}{name}")
        else:
            named.append(name)
    are_alike = len(blocks) > 1 and all(sorted(block) == sorted(twice) for block in blocks.values())
    return named if are_alike and len(set(named)) == len(named) else names


def as_row(names: list[str], cells: Cells, blank: object) -> Row:
    """A row under the columns' names; cells that are not there are blank."""
    return dict(zip(names, (*cells, *[blank] * (len(names) - len(cells))), strict=True))


def _first_sample(grid: Sequence[Numbered]) -> int | None:
    """The place of the first row with a sample's id, in the column that holds the most of them."""
    seen = grid[:LOOKED_AT]
    counts = Counter(place for _, cells in seen for place in _filled(cells) if is_sample_id(cells[place]))
    if not counts:
        return None
    column = counts.most_common(1)[0][0]
    has_id = [column < len(cells) and is_sample_id(cells[column]) for _, cells in seen]
    has_id[0] = has_id[0] and " " not in str(seen[0][1][column]).strip()
    # A title may hold a year, which looks like an id: a sample is followed by another one, or is the last.
    return next((n for n, held in enumerate(has_id) if held and (n + 1 == len(has_id) or has_id[n + 1])), None)


def _header(rows: Sequence[Numbered]) -> int:
    """The place of the row that names the columns: the first, or a later one that names more."""
    best = 0
    for place, (_, cells) in enumerate(rows):
        names = [cells[column] for column in _filled(cells)]
        are_names = all(isinstance(name, str) and len(name) <= _NAME for name in names)
        before = rows[max(place - 1, 0)]
        is_apart = before[0] + 1 < rows[place][0]
        is_merged = place > 0 and any(cells[n] == before[1][n] for n in _filled(cells) & _filled(before[1]))
        named = {str(rows[best][1][n]) for n in _filled(rows[best][1])}
        if are_names and len(set(names)) + (is_apart or is_merged) > len(named):
            best = place
    return best


def _below_groups(grid: Sequence[Numbered]) -> int:
    """The place of the header where no row has an id: the second row, where the first names groups of columns."""
    written = [str(grid[0][1][column]) for column in _filled(grid[0][1])]
    if len(set(written)) == len(written) or len(grid) < 3:
        return 0
    names = [grid[1][1][column] for column in _filled(grid[1][1])]
    are_names = all(isinstance(name, str) and len(name) <= _NAME for name in names)
    return int(are_names and len(set(names)) == len(names) >= len(written))


def _groups(grid: Sequence[Numbered], at: int) -> list[Cells]:
    """The rows directly above the header that name groups of columns; a title has one cell."""
    groups: list[Cells] = []
    while (place := at - len(groups) - 1) >= 0 and len(groups) < _HEADERS - 1:
        number, cells = grid[place]
        if grid[place + 1][0] != number + 1 or len(_filled(cells)) < 2:
            break
        groups.append(cells)
    return groups


def _names(header: Cells, above: list[Cells], below: list[Cells]) -> list[str]:
    """A name a column: its lowest cell; with its group's name where two columns would have the same."""
    width = max(map(len, (header, *above, *below)))

    def written(cells: Cells, place: int) -> str:
        return "" if place >= len(cells) or is_blank(cells[place]) else str(cells[place]).strip()

    names = [
        next((text for cells in (*below, header, *above) if (text := written(cells, n))), "") for n in range(width)
    ]
    if len(set(names)) == len(names):
        return names
    for cells in above:
        group, twice = "", {name for name in names if name and names.count(name) > 1}
        for place in range(width):
            group = written(cells, place) or group
            if group and names[place] in twice and group != names[place]:
                names[place] = f"{group} {names[place]}"
    return names


def _filled(cells: Cells) -> set[int]:
    return {place for place, cell in enumerate(cells) if not is_blank(cell)}
