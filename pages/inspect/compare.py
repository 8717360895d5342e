"""Two runs compared as statisticians would, or one baseline against many."""

import hashlib

import streamlit as st

from siuo_dash.analysis import baseline as against
from siuo_dash.analysis import comparison, queries, stats
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import leaderboard, run_labels
from siuo_dash.analysis.sample_filters import FAILING, PASSING
from siuo_dash.analysis.samples import MCQA_BOARD
from siuo_dash.benchmark.schema import EVIDENCE
from siuo_dash.view import compare, compare_export, controls, shell, style
from siuo_dash.view.charts.comparison import MOST_ROWS, differences, two_by_two
from siuo_dash.view.export import Provenance
from siuo_dash.view.leaderboard import table_height
from siuo_dash.view.samples import link_params

MODES = {"two": "Two runs", "many": "One baseline against many"}
SAMPLE_COLUMNS = {
    name: st.column_config.TextColumn(width=width)
    for name, width in (("Domain", 150), ("Scene", 230), ("Request", 270), ("Flags of A", 150), ("Flags of B", 150))
}
FAMILIES = {"board": "All runs of its board", "chosen": "The chosen runs"}


def set_runs(runs: list[str], to_mode: str = "two") -> None:
    """Callback: these labels are the chosen runs."""
    st.session_state["runs"] = runs
    st.session_state["mode"] = to_mode


store = shell.open_store()
shell.header(
    "Compare",
    "Is one run really better than another, by how much, and on which samples? Runs with a verdict for each sample "
    "are compared sample by sample. Where a run is known by its totals only, the rates are compared, and it says so.",
)
labels = run_labels(store)
ids = {label: run_id for run_id, label in labels.items()}
board_labels = {board.id: board.label for board in queries.boards(store)}
with st.container(horizontal=True, vertical_alignment="bottom"):
    mode = st.segmented_control(
        "Compare", list(MODES), default="two", required=True, format_func=MODES.__getitem__, key="mode", bind="query-params"
    )  # fmt: skip
    metric = controls.choose_metric("Metric")
    board = controls.choose_board(store, all_runs=True, need_per_sample=True)
offered = against.runs_on_offer(store, board.id if board else None, controls.MOST_RUN_OPTIONS)
chosen = controls.choose_runs(
    offered,
    labels,
    label="Runs: the first is A, the second B" if mode == "two" else "Chosen runs",
    help="The runs of the chosen board are offered. To compare across boards, choose another board, or all runs: "
    "what was chosen before stays.",
)
if len(offered) >= controls.MOST_RUN_OPTIONS:
    st.caption(
        f"The first {len(offered)} runs by name are offered; any run can be found and ticked on the leaderboard."
    )


def show_two() -> None:
    a, b = labels[chosen[0]], labels[chosen[1]]
    found = comparison.compare(store, chosen[0], chosen[1])
    if len(chosen) > 2:
        st.caption(
            f"{len(chosen)} runs are chosen: the first two are compared. One baseline against many takes them all."
        )
    with st.container(horizontal=True):
        for letter, label, run in (("A", a, found.first), ("B", b, found.second)):
            with st.container(width=400, border=True, gap="xxsmall"):
                st.markdown(f"{letter}: **{shell.plain(label)}**")
                st.caption(shell.plain(f"{run.protocol.label}; {EVIDENCE[run.evidence].lower()}"))
                shell.link("run", f"Open run {letter}", {"run": label})
    st.button(
        "Swap A and B", icon=":material/swap_horiz:", on_click=set_runs,
        args=([b, a, *(labels[run] for run in chosen[2:])],),
    )  # fmt: skip
    if found.warning:
        st.warning(shell.plain(found.warning), icon=":material/warning:")
    one_board = found.first.board == found.second.board
    where = found.first.protocol.label if one_board else f"{found.first.protocol.label} | {found.second.protocol.label}"
    provenance = Provenance(store.version, where, f"A = {a}; B = {b}", found.warning)

    overall = found.overall[metric.id]
    if overall is not None:
        st.markdown(f"**{shell.plain(compare.headline(overall))}**")
    shell.table(
        compare.metrics_table(found), key="metrics", alt=f"Difference of {a} and {b} by metric", height="content"
    )
    shell.exports(compare_export.comparison_export(found, (a, b), provenance), key="comparison")
    if overall is None:
        st.info(f"{metric.label} is not known for both runs. Choose another metric.", icon=":material/info:")
        return
    gaps = {
        share: stats.detectable_gap(min(overall.first.n, overall.second.n), share) for share in compare.DISCORDANCES
    }
    st.caption(shell.plain(compare.gap_words(overall, gaps)))
    if overall.table is None:
        st.info(
            f"{metric.label} is not compared sample by sample, because {overall.why_unpaired}. Domains and single "
            "samples need a verdict for each sample of both runs; uploading such a run brings them.",
            icon=":material/info:",
        )
        return
    show_paired(found, overall, (a, b), provenance)


def show_paired(
    found: comparison.Comparison, overall: comparison.Difference, names: tuple[str, str], provenance: Provenance
) -> None:
    table, domains = overall.table, found.domains[metric.id]
    assert table is not None
    good, bad = compare.passes(metric), compare.fails(metric)
    note = compare.picture_note(found.warning)
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader(f"The same samples: {metric.label}", anchor=False)
        shell.chart(
            two_by_two(
                [[table.both, table.first_only], [table.second_only, table.neither]],
                shell.theme(), rows=(good, bad), columns=(good, bad), row_title="A", column_title="B",
                colours=compare.outcome_colours(metric), note=note,
            ),
            key="outcomes",
            alt=f"Of {table.n} samples, {table.both} are {good} in both, {table.first_only} only in A, "
            f"{table.second_only} only in B, {table.neither} in neither",
            data=compare_export.comparison_export(found, names, provenance),
        )  # fmt: skip
    with right:
        st.subheader("By domain", anchor=False)
        shell.chart(
            differences(
                compare.chart_rows([overall, *domains]), shell.theme(),
                left="B better", right="A better", told_apart="p < 0.05 (domains: adjusted)", note=note,
            ),
            key="domains",
            alt=f"Difference A minus B in points for all samples and {len(domains)} domains, with 95 % intervals",
            data=compare_export.domains_export([overall, *domains], names, provenance),
        )  # fmt: skip
    st.caption(
        "Domains have 16 to 21 samples, so their intervals are wide. p adjusted: Benjamini–Hochberg over the domains, "
        "for exploring. A negative difference means that B is ahead."
    )
    shell.table(compare.domains_table(domains), key="by-domain", alt="Difference by domain", height="content")
    shell.exports(compare_export.domains_export(domains, names, provenance), key="by-domain-export")

    samples = comparison.discordant(store, found.first, found.second, metric)
    st.subheader(f"Samples that only one run passes ({len(samples)})", anchor=False)
    st.caption(
        "Those that most other runs of the board pass stand first: they say most about the run that fails them. "
        "Choose a row to open that sample with both runs side by side."
    )
    for letter, passed_by in (("A", "first"), ("B", "second")):
        part = samples[samples["passed_by"] == passed_by].reset_index(drop=True)
        st.markdown(f"**Only {letter}: {good} ({len(part)})**")
        if part.empty:
            st.caption("No sample.")
            continue
        question_ids = part["question_id"].tolist()
        kinds = (PASSING[metric.id], FAILING[metric.id])
        outcomes = dict(zip(names, kinds if letter == "A" else reversed(kinds), strict=True))
        digest = hashlib.sha256(repr((names, metric.id)).encode()).hexdigest()[:8]
        state = shell.table(
            compare.discordant_table(part),
            key=f"discordant-{passed_by}-{digest}",
            alt=f"Samples on which only {names[0] if letter == 'A' else names[1]} passes",
            height="content" if len(part) <= 6 else 470,
            select="rerun",
            mode="single-row",
            selection_default={"selection": {"rows": [0]}},
            row_height=66,
            column_config=SAMPLE_COLUMNS,
        )
        picked = question_ids[next((row for row in state["selection"]["rows"] if row < len(part)), 0)]
        shell.link(
            "samples", f"Open sample {picked} with both runs", link_params(names, sample=picked, outcomes=outcomes)
        )
    if len(samples):
        shell.exports(compare_export.discordant_export(samples, metric, names, provenance), key="discordant")


def show_many() -> None:
    kept = [text for text in (st.query_params.get("baseline"), st.session_state.get("baseline")) if text in ids]
    options = list(
        dict.fromkeys([*(labels[run] for run in chosen), *kept, *(labels[run] for run in offered["run_id"])])
    )
    if not options:
        st.info("There is no run to compare with. Choose another board.", icon=":material/info:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=420):
            name = st.selectbox("Baseline", options, key="baseline", bind="query-params")
        family = st.segmented_control(
            "Against", list(FAMILIES), default="board", required=True, format_func=FAMILIES.__getitem__,
            key="against", bind="query-params",
        )  # fmt: skip
    base = comparison.side(store, ids[name])
    base_board = MCQA_BOARD if metric.id == "mcqa" else base.board
    where = against.of_board(base_board) if family == "board" else against.of_runs(chosen)
    frame = against.against_baseline(store, base, metric, where)
    if frame.empty:
        st.info("No other run to compare with: choose runs above, or all runs of the board.", icon=":material/info:")
        return
    if not base.counts[metric.id].n:
        missing = style.missing(base.evidence)
        st.info(
            f"{metric.label} of the baseline is {missing}. Choose another baseline or metric.", icon=":material/info:"
        )
        return
    protocols = [found.protocol for found in queries.boards(store) if found.id in {base.board, *frame["board"]}]
    warning = "" if metric.id == "mcqa" else comparison.board_warning(protocols)
    if warning:
        st.warning(shell.plain(warning), icon=":material/warning:")
    rated = frame[frame["p"].notna()]
    apart = rated[rated["p_holm"] < 0.05]
    better, worse = int((apart["difference"] > 0).sum()), int((apart["difference"] < 0).sum())
    st.markdown(
        f"**{metric.label}, {len(rated)} runs against {shell.plain(name)}: {better} better, {worse} worse, "
        f"{len(rated) - better - worse} cannot be told from it.** p-values are adjusted by Holm for the whole family, the "
        "95 % intervals are each run's own."
    )
    where_words = " | ".join(protocol.label for protocol in protocols)
    provenance = Provenance(
        store.version, where_words, f"baseline {name}; {FAMILIES[family or 'board'].lower()}", warning
    )
    export = compare_export.against_export(frame, metric, name, labels, provenance)
    names = compare.short_names(frame, labels)
    left, right = "baseline better", "run better"
    shell.chart(
        differences(
            compare.against_chart_rows(frame, names),
            shell.theme(),
            left=left,
            right=right,
            told_apart="p < 0.05 (Holm)",
            note=compare.picture_note(warning),
        ),
        key="against-chart",
        alt=f"{metric.label} of {min(len(rated), MOST_ROWS)} runs minus the baseline, with 95 % intervals",
        data=export,
    )
    if len(rated) > MOST_ROWS:
        st.caption(f"The first {MOST_ROWS} of {len(rated)} runs; the table holds all.")
    state = shell.table(
        compare.against_table(frame, names, board_labels),
        key=f"against-{hashlib.sha256(repr((name, family, metric.id, len(frame))).encode()).hexdigest()[:8]}",
        alt=f"Runs against {name}",
        height=table_height(len(frame)),
        select="rerun",
        mode="single-row",
        column_config={
            "Run": st.column_config.TextColumn(pinned=True, width=220),
            "Difference, points": st.column_config.NumberColumn(format="%+.1f"),
        },
    )
    for row in state["selection"]["rows"][:1]:
        other = labels[frame["run_id"].iloc[row]]
        st.button(
            f"Compare {shell.plain(other)} with the baseline", icon=":material/compare_arrows:",
            on_click=set_runs, args=([other, name],),
        )  # fmt: skip
    shell.exports(export, key="against-export")


if mode == "many":
    show_many()
elif len(chosen) >= 2:
    show_two()
else:
    st.info(
        "Choose two runs above by name, or tick them on the leaderboard."
        if not chosen
        else "Choose a second run: the first one is A, the second B.",
        icon=":material/compare_arrows:",
    )
    if board is not None:
        ranked = leaderboard(store, Filters(board=board.id), metric, rank_partial=True)
        best = [labels[run] for run in ranked.loc[ranked["rank"].notna(), "run_id"] if run not in chosen]
        pair = [*(labels[run] for run in chosen), *best][:2]
        if len(pair) == 2:
            st.button(
                f"Compare {shell.plain(pair[0])} and {shell.plain(pair[1])}", on_click=set_runs, args=(pair,),
                help="The best of the chosen board",
            )  # fmt: skip
shell.footer(store)
