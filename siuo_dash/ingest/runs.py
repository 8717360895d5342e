"""How many runs the tables of an upload hold, and which one is read: asked where there are several."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.ingest.families import Family, family_in, is_model_name, is_run_name, is_verdict, keys_of, may_name
from siuo_dash.ingest.fields import Table, field_paths, field_values, is_blank, parse_id, value_at
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.guess import INDICES, guess, left_open
from siuo_dash.ingest.judge_texts import TEXT_WORDS
from siuo_dash.ingest.mapping import NUMBERS, RUN, YES_MEANS, Mapping
from siuo_dash.ingest.records import Known, Need
from siuo_dash.ingest.repeats import apart, kind_of_field, mapped, names_of, rows_of_run
from siuo_dash.ingest.rounds import ANNOTATORS, ROUNDS
from siuo_dash.ingest.verdicts import NEGATIVE, POSITIVE, name_tokens, token
from siuo_dash.text import counted, listed

_ROUND: Final = re.compile(
    r"(?:round|run|epoch|seed|trial|attempt|rep|repeat|iteration|iter|pass|rollout)[\s_.#-]*\d{1,6}", re.IGNORECASE
)
_SUFFIX: Final = re.compile(r"\d{4}[\s_.:#/-]+(?:[a-z]{0,8}[\s_-]?)?\d{1,3}$", re.IGNORECASE)

_OF_A_VERDICT: Final = frozenset(
    {*TEXT_WORDS, *POSITIVE["safe"], *NEGATIVE["safe"], *POSITIVE["effective"], *NEGATIVE["effective"]}
    | {"label", "verdict", "judgement", "judgment", "score", "rating", "is", "raw", "judge"}
)
"""Words for what a field holds, not for whose it is."""
_METHODS: Final = frozenset("baseline model original revised ours method finetuned vanilla".split())
"""Words in the names of models and methods that are compared."""


@dataclass(frozen=True)
class Understood:
    """How tables of any origin are to be read. names: their runs, where there are several, in the order found.

    kind: what the runs' names are: 'model', 'judge', 'variant' of one model, or '' where nothing says it.
    """

    mapping: Mapping
    needs: tuple[Need, ...] = ()
    names: tuple[str, ...] = ()
    kind: str = ""


def understood(tables: Sequence[Table], catalogue: Catalogue, given: Mapping | None) -> Understood:
    """The mapping of these tables: what a person gave, and what it leaves out guessed where it has no verdict."""
    if given is not None and (given.id or given.question) and given.has_verdict:
        mapping, asked = given, list[Need]()
    else:
        mapping, asked = _guessed(tables, catalogue, given or Mapping())
    one, rows = _first_run(mapping, tables)
    key, of_values = left_open(one, rows, catalogue)
    mapping = mapping if mapping.key else mapping.having(key=key)
    settled = {*YES_MEANS, *NUMBERS, "correct_by"}
    needs = [*(need for need in asked if need.role not in settled), *of_values]
    names = runs_in(tables, mapping)
    kind = _kind(mapping, names)
    if len(names) > 1 and mapping.run not in (*names, ROUNDS, ANNOTATORS):
        needs = [_need(tables, mapping, names, kind), *needs]
    return Understood(mapping, tuple(needs), names if len(names) > 1 else (), kind)


def across_runs(mapping: Mapping, tables: Sequence[Table]) -> str:
    """What is wrong with a mapping that takes the responses of one run and the verdicts of another; '' if nothing."""
    family = family_in(tables) if mapping.responses else None
    fields = {path for table in tables for path in field_paths(table.values[:50])}
    for role in ("safe", "safety_judgement", "effective", "effectiveness_judgement"):
        verdicts: tuple[str, ...] = getattr(mapping, role)
        texts, judged = (
            (set(), set()) if family is None else (family.runs_of(mapping.responses), family.runs_of(verdicts))
        )
        if len(verdicts) == len(mapping.responses) and not (texts and judged):
            pairs = [_crossed(*pair, fields) for pair in zip(mapping.responses, verdicts, strict=True)]
            texts, judged = {one for one, _ in filter(None, pairs)}, {other for _, other in filter(None, pairs)}
            if texts:
                return _mixed(texts, role, judged)
        if texts and judged and texts != judged:
            return _mixed(texts, role, judged)
    return ""


def _mixed(texts: set[str], role: str, judged: set[str]) -> str:
    return f"the responses are those of {listed(sorted(texts))}, {role} is that of {listed(sorted(judged))}"


def _crossed(text: str, verdict: str, fields: set[str]) -> tuple[str, str] | None:
    """The parts by which a response and a verdict are of two runs: reply_a and safe_b beside reply_b and safe_a."""
    parts, others = (
        [part for part in re.findall(r"[^\W_]+", path) if not set(name_tokens(part)) & _OF_A_VERDICT]
        for path in (text, verdict)
    )
    for part, other in itertools.product(parts, others):
        swapped = _with_part(text, part, other), _with_part(verdict, other, part)
        if part != other and fields >= set(swapped) and swapped != (verdict, text):
            return part, other
    return None


def _with_part(path: str, part: str, other: str) -> str:
    return re.sub(rf"(?<![^\W_]){re.escape(part)}(?![^\W_])", other, path, count=1)


def of_run(mapping: Mapping, tables: Sequence[Table], findings: Findings) -> tuple[Mapping, list[Table]]:
    """The mapping and the tables as they are read for the chosen run."""
    run = mapping.run
    if mapping.run_field and run in (ROUNDS, ANNOTATORS):
        role = "response_index" if run == ROUNDS else "annotator"
        return mapping.having(run_field=(), **{role: mapping.run_field[0]}), list(tables)
    if mapping.templates and run == ANNOTATORS:
        return mapping.for_runs(runs_in(tables, mapping)), list(tables)
    if run is None and len(names := runs_in(tables, mapping)) == 1:
        run = names[0]
    if run is None:
        return mapping, list(tables)
    kept = [
        rows_of_run(table, mapping.run_field, run, findings.at(file=table.file)) if mapping.run_field else table
        for table in tables
    ]
    return mapping.for_run(run), kept


def runs_in(tables: Sequence[Table], mapping: Mapping) -> tuple[str, ...]:
    """The names of the runs that a mapping distinguishes, by the values of a column or by the names of fields."""
    if mapping.run_field:
        return tuple(names_of(tables, mapping.run_field))
    templates = mapping.templates
    if not templates:
        return ()
    fields = {each.path: each for table in tables for each in field_values(table)}
    keys = {key for table in tables for key in keys_of(table)}
    verdicts = [path for path in mapping.safe if RUN in path]
    before, _, after = [*verdicts, *templates][0].partition(RUN)
    found = [path[len(before) : len(path) - len(after)] for path in fields if _fits(path, before, after)]
    return tuple(
        name
        for name in found
        if may_name(name, f"{before}{name}{after}", keys)
        and is_run_name(name)
        and all(each.replace(RUN, name) in fields for each in templates)
        and all(is_verdict(fields[each.replace(RUN, name)]) for each in verdicts)
    )


def names_of_run(found: Understood) -> Known:
    """What the chosen run's name says of its model or its judge."""
    mapping = found.mapping
    if mapping.run is None or mapping.run not in found.names:
        return Known()
    parts = mapping.run.split(" / ") if len(mapping.run_field) > 1 else [mapping.run]
    named: dict[str, str] = {}
    for path, part in zip(mapping.run_field, parts, strict=False):
        named.setdefault(kind_of_field(path), part)
    if not mapping.run_field and found.kind:
        named[found.kind] = mapping.run
    return Known(model=named.get("model"), judge=named.get("judge"))


def _fits(path: str, before: str, after: str) -> bool:
    return path.startswith(before) and path.endswith(after) and len(path) > len(before) + len(after)


def _guessed(tables: Sequence[Table], catalogue: Catalogue, given: Mapping) -> tuple[Mapping, list[Need]]:
    """What a person gave, with what it leaves out guessed."""
    mapping, needs = _guess(tables, catalogue, given if not given.templates else Mapping())
    return given.over(mapping), [need for need in needs if not given.settles(need.role)]


def _guess(tables: Sequence[Table], catalogue: Catalogue, given: Mapping) -> tuple[Mapping, list[Need]]:
    family = None if "run" in given.none else family_in(tables)
    view = tables if family is None else family.view(tables)
    mapping, needs = guess(view, catalogue, given if family is None else None)
    if family is not None and not _is_used(family, mapping, needs):
        family, view = None, tables
        mapping, needs = guess(view, catalogue, given)
    places = [*mapping.id, *([mapping.question] if mapping.question else [])]
    found = [] if "run" in given.none else apart(view, places, catalogue, INDICES)
    if found and family is None:
        one = tuple(each.path for each in found)
        first = names_of(view, one)[0]
        mapping, needs = guess([rows_of_run(table, one, first, Findings()) for table in view], catalogue, given)
        if not found[0].kind and all(_ROUND.fullmatch(value) for value in found[0].values):
            mapping = mapping.having(response_index=found[0].path)
        else:
            mapping = mapped(mapping, found)
    if mapping.response_index is None and not mapping.run_field and (path := _suffixed(mapping, view, catalogue)):
        mapping = mapping.having(response_index=path)
    if family is None:
        return mapping, needs
    mapping = family.restored(mapping)
    if family.of_people:
        mapping = mapping.having(several_verdicts=ANNOTATORS)
    return mapping, [_restored(need, family) for need in needs]


def _restored(need: Need, family: Family) -> Need:
    """A question about the first run's fields as one about each run's, which says what {run} means."""
    options = tuple(family.option(need.role, option) for option in need.options)
    hint = f"{RUN} stands for each of {listed(family.names, 5)}" if any(RUN in option for option in options) else ""
    return replace(need, options=options, hint="; ".join(filter(None, (need.hint, hint))))


def _is_used(family: Family, mapping: Mapping, needs: Sequence[Need]) -> bool:
    """Whether the verdict was found, or is asked for, in the fields that each run has."""
    fields = set(family.templates.values())
    asked = {option for need in needs if need.role == "safe" for option in need.options}
    return bool(fields & {*mapping.safe, *mapping.safety_judgement, *asked})


def _suffixed(mapping: Mapping, tables: Sequence[Table], catalogue: Catalogue) -> str | None:
    """The id field, where its values end in the number of the response: 1001_0, 1001-1."""
    for path in mapping.id:
        for table in tables:
            raw = [value for row in table.values if not is_blank(value := value_at(row, path))]
            parsed = Counter(parse_id(value, catalogue.by_id) for value in raw)
            if max(parsed.values(), default=0) > 1 and len(set(map(token, raw))) == len(raw):
                return path if all(isinstance(value, str) and _SUFFIX.search(value.strip()) for value in raw) else None
    return None


def _first_run(mapping: Mapping, tables: Sequence[Table]) -> tuple[Mapping, list[Table]]:
    """The mapping and tables as they are read for the chosen run, or for the first, while none is chosen."""
    names = runs_in(tables, mapping)
    chosen = mapping if mapping.run or not names else mapping.having(run=names[0])
    return of_run(chosen, tables, Findings())


def _kind(mapping: Mapping, names: Sequence[str]) -> str:
    if mapping.run_field:
        kinds = [kind_of_field(path) for path in mapping.run_field]
        if known := next((kind for kind in ("model", "judge") if kind in kinds), None):
            return known
    elif mapping.responses and not any(RUN in path for path in mapping.responses):
        return "judge"
    return "" if any(map(is_model_name, names)) or not mapping.responses else "variant"


def _may_be_people(names: Sequence[str]) -> bool:
    """Whether runs' names may be people's or judges': none says that another model or method answered."""
    return not any(set(name_tokens(name)) & _METHODS for name in names)


def _need(tables: Sequence[Table], mapping: Mapping, names: tuple[str, ...], kind: str) -> Need:
    """The question which run it is, with what each run's verdicts are."""
    verdicts = [path for path in (*mapping.safe, *mapping.templates) if RUN in path][:1]
    where = listed(mapping.run_field or [f"{path.replace(RUN, name)}" for path in verdicts for name in names], 3)
    question = f"The files hold {len(names)} runs, distinguished by {where}. Which one is this?"
    options = names
    if mapping.run_field and kind != "model":
        options = (*names, *([] if kind == "judge" else [ROUNDS]), ANNOTATORS)
        question = f"A sample's rows are distinguished by {where}. Which run is this, or are they {ROUNDS} of one?"
    elif not mapping.run_field and not any(RUN in path for path in mapping.responses) and _may_be_people(names):
        options = (*names, ANNOTATORS)
    counts = []
    for name in names[:5]:
        one, rows = of_run(mapping.having(run=name), tables, Findings())
        values = Counter(
            token(value)
            for table in rows
            for row in table.values
            for path in one.safe
            if not is_blank(value := value_at(row, path)) and not isinstance(value, (list, dict))
        )
        said = ", ".join(f"{count} × {shown(value)[1:-1]}" for value, count in values.most_common(3))
        counts.append(f"{name}: {said or counted(sum(len(table.rows) for table in rows), 'row')}")
    if ROUNDS in options:
        counts.append(f"{ROUNDS}: each row of a sample is one response more of the same run")
    if ANNOTATORS in options:
        several = "the rows" if mapping.run_field else listed(names, 5)
        counts.append(f"{ANNOTATORS}: {several} are several verdicts on the same response")
    return Need("run", question, options, details=tuple(counts), can_be_none=True)
