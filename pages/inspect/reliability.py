"""How far the figures can be trusted: health of runs, samples, repeated responses, judges."""

import hashlib

import pandas as pd
import streamlit as st

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.findings.judges import several_boards
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.analysis.reliability import correction, health, judges, responses, samples
from siuo_dash.benchmark.schema import FLAGS
from siuo_dash.view import compare, controls, reliability, shell
from siuo_dash.view.charts import reliability as charts
from siuo_dash.view.charts.comparison import two_by_two
from siuo_dash.view.export import Provenance, plain_table
from siuo_dash.view.leaderboard import table_height
from siuo_dash.view.samples import link_params

store = shell.open_store()
shell.header(
    "Reliability",
    "How far can the figures be trusted? Faults in runs, samples that separate runs or do not, responses that "
    "contradict each other, and judges who disagree.",
)
labels = run_labels(store)
boards = {board.id: board.label for board in queries.boards(store)}
with st.container(horizontal=True, vertical_alignment="bottom"):
    section = st.segmented_control(
        "Show", list(reliability.SECTIONS), default="health", required=True,
        format_func=reliability.SECTIONS.__getitem__, key="section", bind="query-params",
    )  # fmt: skip
    metric = controls.choose_metric("Metric")
    chosen_board = controls.choose_board(store, need_per_sample=True)
if chosen_board is None:
    st.info("There is no run yet. Upload one, and its reliability is shown here.", icon=":material/rule:")
    shell.footer(store)
    st.stop()
board: queries.Board = chosen_board


def provenance(filters: str, of_board: str = board.label) -> Provenance:
    return Provenance(store.version, of_board, filters)


def key_of(*parts: object) -> str:
    return hashlib.sha256(repr((store.version, *parts)).encode()).hexdigest()[:10]


def show_health() -> None:
    everywhere = st.segmented_control(
        "Runs", ["all", "board"], default="all", required=True,
        format_func={"all": "Of all boards", "board": "Of this board"}.__getitem__, key="health_of", bind="query-params",
    ) == "all"  # fmt: skip
    filters = Filters(board=None if everywhere else board.id)
    frame = health.health(store, filters, metric)
    runs = queries.RUNS.run(store, where=filters.where())
    unexamined = int((runs["evidence"] == "totals").sum())
    if frame.empty:
        st.info(
            "These runs are known by their totals only, so no response or verdict could be examined. Choose another "
            "board, or upload a run with a verdict for each sample.",
            icon=":material/health_and_safety:",
        )
        return
    clean = int((frame["flagged"] == 0).sum())
    st.markdown(
        f"**{len(frame)} runs examined, {len(frame) - clean} of them carry flags.** The counts are samples. "
        + (f"{unexamined} runs known by their totals only cannot be examined." if unexamined else "")
    )
    unused = [flag.label for flag in FLAGS.values() if flag.id not in reliability.flags_in_use(frame)]
    shown = reliability.health_table(frame, metric, compare.short_names(frame, labels))
    state = shell.table(
        shown,
        key=f"health-{key_of(everywhere, board.id, metric.id)}",
        alt="Health of runs: samples that carry each flag",
        height=table_height(len(shown)),
        select="rerun",
        mode="single-cell",
        column_config={"Run": st.column_config.TextColumn(pinned=True, width=220)}
        | {flag.label: st.column_config.NumberColumn(help=flag.help) for flag in FLAGS.values()},
    )
    cells = [cell for cell in state["selection"]["cells"] if cell[0] < len(frame)]
    if not cells:
        st.caption("Choose a cell to open the samples that it counts.")
    for row, column in cells:
        open_cell(frame.iloc[row], column)
    if unused:
        st.caption(f"No run here carries: {', '.join(unused)}.")
    where = "all boards" if everywhere else board.label
    shell.exports(reliability.health_export(frame, labels, provenance("no filter", where)), key="health-export")


def open_cell(run: pd.Series, column: str) -> None:
    name = labels[run["run_id"]]
    flag = reliability.flag_of_column(column)
    if flag is None and column != "Any flag":
        shell.link("run", f"Open {shell.plain(name)}", {"run": name})
        return
    flags = [flag] if flag else [each for each in FLAGS if run[each]]
    count = int(run[flag] if flag else run["flagged"])
    what = f"{FLAGS[flag].label.lower() if flag else 'any flag'} in {shell.plain(name)}"
    if not count:
        st.caption(f"No sample has {what}.")
        return
    shell.link("samples", f"Open the {count} samples with {what}", link_params([name], flags=flags))


def show_samples() -> None:
    used = samples.flags_in_use(store, board.id, metric)
    if used:
        with st.container(width=320):
            chosen_flag = st.selectbox(
                "Count as flagged", ["any", *used], format_func=lambda flag: "Any flag" if flag == "any" else FLAGS[flag].label,
                key="by_flag", bind="query-params",
            )  # fmt: skip
        flag = None if chosen_flag == "any" else chosen_flag
    else:
        flag = None
    figures = samples.sample_figures(store, board.id, metric, flag)
    runs = int(figures["n"].max()) if len(figures) else 0
    if not runs:
        st.info(
            f"No run of this board has {metric.label} verdicts for each sample. Choose another board or metric, or "
            "upload a run of this protocol with a verdict for each sample.",
            icon=":material/quiz:",
        )
        return
    counts = {shown: len(reliability.shown_samples(figures, shown)) for shown in reliability.SHOWN}
    limit = samples.chance_limit(runs)
    shell.key_figures(
        [
            ("Runs", str(runs), f"of this board, with {metric.label} verdicts for each sample"),
            ("Nobody passes", f"{counts['nobody']} of {len(figures)}", "samples that no run passes"),
            ("Everybody passes", f"{counts['everybody']} of {len(figures)}", "samples that every run passes"),
            ("Flagged responses dominate", f"{counts['flagged']} of {len(figures)}", "samples where more than half of the runs are flagged"),
            ("Better runs fail it", f"{counts['reversed']} of {len(figures)}", "samples with negative discrimination"),
        ]
    )  # fmt: skip
    left, right = st.columns(2, gap="large")
    export = reliability.samples_export(figures, provenance(f"all samples; {metric.label}"))
    with left:
        st.subheader("Difficulty", anchor=False)
        shell.chart(
            charts.difficulty_histogram(figures, metric, shell.theme()), key="difficulty",
            alt=f"Number of samples by how many of {runs} runs pass them", data=export,
        )  # fmt: skip
    with right:
        st.subheader("Discrimination", anchor=False)
        shell.chart(
            charts.difficulty_scatter(figures, metric, shell.theme(), chance=limit), key="discrimination",
            alt="Each sample's share of passing runs against its discrimination", data=export,
        )  # fmt: skip
    st.caption(
        "Discrimination is the correlation, over the runs, of passing the sample with the run's rate on all other "
        "samples: high where good runs pass and bad ones fail. It is not defined where all runs do the same, or with "
        "fewer than three runs. "
        + (f"With {runs} runs, chance alone reaches ±{limit:.2f} (dotted) in one of twenty samples." if limit else "")
    )
    shown = st.pills(
        "Samples", list(reliability.SHOWN), default="all", required=True, key="samples_shown", bind="query-params",
        format_func=reliability.SHOWN.__getitem__,
    )  # fmt: skip
    part = reliability.shown_samples(figures, shown or "all")
    if part.empty:
        st.info("No sample of this kind.", icon=":material/check:")
        return
    picked = choose_sample(
        reliability.samples_table(part, flag), part["question_id"].tolist(), f"samples-{key_of(board.id, metric.id, flag, shown)}",
        "Difficulty and discrimination of samples",
    )  # fmt: skip
    shell.link("samples", f"Open sample {picked}", link_params([], sample=picked) | {"board": board.label})
    words = f"{reliability.SHOWN[shown or 'all']}; flagged: {FLAGS[flag].label if flag else 'any flag'}"
    shell.exports(reliability.samples_export(part, provenance(words)), key="samples-export")


def choose_sample(table: pd.DataFrame, question_ids: list[int], key: str, alt: str) -> int:
    """A table of samples, one row of which is chosen (the first to begin with); its question_id."""
    state = shell.table(
        table,
        key=key,
        alt=alt,
        height="content" if len(table) <= 6 else 470,
        select="rerun",
        mode="single-row",
        selection_default={"selection": {"rows": [0]}},
        row_height=66,
        column_config={
            "Pass, %": st.column_config.NumberColumn(format="%.0f"),
            "Discrimination": st.column_config.NumberColumn(format="%+.2f"),
        }
        | {name: st.column_config.TextColumn(width=width) for name, width in (("Domain", 150), ("Scene", 210), ("Request", 260), ("Flags", 190))},
    )  # fmt: skip
    return int(question_ids[next((row for row in state["selection"]["rows"] if row < len(question_ids)), 0)])


def show_responses() -> None:
    if metric.task != "generation":
        st.info("Multiple choice has one answer a sample. Choose Safe, Effective or both.", icon=":material/info:")
        return
    work = shell.later(
        lambda: responses.mixes(store, board.id, metric), "mixes", store.version, board.id, metric.id
    )  # fmt: skip
    frame = shell.when_ready(work, "The responses of the board's runs are being counted …")
    if frame is None:
        return
    if frame.empty:
        others = [boards[name] for name in responses.boards_with_responses(store, metric) if name != board.id]
        st.info(
            f"No run of this board has {metric.label} verdicts for two or more responses to a sample, so their agreement "
            "is not known. It needs a run whose file holds the verdict of each response; the benchmark's protocol has "
            "three responses a sample. "
            + (f"These boards have such runs: {shell.plain(', '.join(others))}." if others else "No board has such a run yet.")
            + " Uploading one brings it here.",
            icon=":material/replay:",
        )  # fmt: skip
        return
    names = compare.short_names(frame.assign(board=board.id), labels)
    st.markdown(
        f"**{len(frame)} runs with several responses a sample.** Stable: all responses to a sample get the same verdict. "
        "Three responses are not three samples: the count behind every rate is samples."
    )
    export = reliability.mix_export(frame, "responses", provenance(f"{metric.label}; by run"))
    shell.chart(
        charts.response_mix(frame.assign(name=frame["run_id"].map(names)), metric, shell.theme(), name="name"),
        key="mix", alt="How many samples of each run have how many of their responses passing", data=export,
    )  # fmt: skip
    if len(frame) > charts.MOST_ROWS:
        st.caption(f"The {charts.MOST_ROWS} least stable of {len(frame)} runs; the table holds all.")
    deviation = {"Standard deviation, points": st.column_config.NumberColumn(format="%.1f")}
    shell.table(
        reliability.mix_table(frame, metric, names), key="mix-table", alt="Agreement of responses by run",
        height=table_height(len(frame)), column_config=deviation | {"Run": st.column_config.TextColumn(pinned=True, width=220)},
    )  # fmt: skip
    st.caption(
        "One response: the rate that one response a sample, picked at random, would have given instead of the majority: "
        "its mean, the middle 95 % of what could have come out, and its standard deviation."
    )
    shell.exports(export, key="mix-export")

    st.subheader("By domain", anchor=False)
    with st.container(width=420):
        of = st.selectbox(
            "Run", ["all", *frame["run_id"].head(controls.MOST_RUN_OPTIONS)],
            format_func=lambda run: "All runs of this board" if run == "all" else labels[run], key="mix_of", bind="query-params",
        )  # fmt: skip
    domains = responses.mixes_by_domain(store, board.id, metric, None if of == "all" else of)
    words = "all runs" if of == "all" else labels[of]
    pooled = of == "all"
    unit = "Samples of all runs together" if pooled else "Samples"
    export = reliability.mix_export(
        domains, "responses by domain", provenance(f"{metric.label}; {words}"), pooled=pooled
    )
    shell.chart(
        charts.response_mix(
            domains.assign(name=domains["domain"].map(compare.DOMAIN_LABELS)), metric, shell.theme(), name="name", unit=unit
        ),
        key="mix-domains", alt=f"Agreement of responses by domain, {words}", data=export,
    )  # fmt: skip
    shell.table(
        reliability.mix_table(domains, metric, pooled=pooled), key="mix-domains-table", alt="Agreement of responses by domain",
        height="content", column_config=deviation,
    )  # fmt: skip
    shell.exports(export, key="mix-domains-export")


def show_judges() -> None:
    if metric.task != "generation":
        st.info(
            "Multiple choice is scored by exact match: there is no judge. Choose another metric.",
            icon=":material/info:",
        )
        return
    st.subheader("One model, judged twice", anchor=False)
    models = judges.judged_twice(store)
    if models.empty:
        several = several_boards(store, metric)
        st.info(
            "No model has two evaluations with a verdict for each sample, so no agreement can be computed. It needs a "
            "second run of a model under the same name with a verdict for each sample, best of the same responses by "
            "another judge; uploading one brings it here.",
            icon=":material/gavel:",
        )
        if len(several):
            st.markdown(
                "These models stand in several boards, but at least one of the two is known by its totals only. Their "
                "rates can differ because of the judge, or because of the responses:"
            )
            shell.table(
                reliability.several_boards_table(several, metric), key="several", height=table_height(len(several)),
                alt="Models in several boards",
            )  # fmt: skip
    else:
        show_pairs(models)
    st.subheader("Rates corrected for the judge's errors", anchor=False)
    show_corrected()


def show_pairs(models: pd.DataFrame) -> None:
    words = dict(zip(models["name"], models["model"], strict=True))
    with st.container(width=420):
        name = st.selectbox(
            "Model", list(words), format_func=words.__getitem__, key="judged_model", bind="query-params"
        )
    work = shell.later(lambda: judges.judgements(store, name, metric), "judges", store.version, name, metric.id)
    pairs = shell.when_ready(work, "The responses of the two judgements are being compared …")
    if pairs is None:
        return
    runs = int(models.loc[models["name"] == name, "runs"].iloc[0])
    if runs > judges.MOST_RUNS:
        st.caption(f"{runs} runs of this model have a verdict for each sample; {judges.MOST_RUNS} of them are paired.")
    if not pairs:
        st.info(
            f"No two runs of this model share a sample graded for {metric.label}. Choose another metric.",
            icon=":material/info:",
        )
        return
    export = reliability.pairs_export(pairs, labels, metric, provenance(f"model {words[name]}", "all boards"))
    state = shell.table(
        reliability.pairs_table(pairs, labels), key=f"pairs-{key_of(name, metric.id)}", alt="Agreement of judgements",
        height=table_height(len(pairs)), select="rerun", mode="single-row", selection_default={"selection": {"rows": [0]}},
    )  # fmt: skip
    shell.exports(export, key="pairs-export")
    pair = pairs[next((row for row in state["selection"]["rows"] if row < len(pairs)), 0)]
    show_pair(pair, labels[pair.first.run_id], labels[pair.second.run_id])


def show_pair(pair: judges.JudgedTwice, first: str, second: str) -> None:
    st.markdown(f"**First: {shell.plain(first)}. Second: {shell.plain(second)}.**")
    if pair.responses == "other":
        st.warning(
            "The two judged different responses: what differs mixes the judges with the model's other answers.",
            icon=":material/warning:",
        )
    elif pair.responses == "unknown":
        st.caption(
            "The texts of the responses are not at hand in both runs, so it is not known whether they are the same."
        )
    shell.key_figures(reliability.agreement_figures(pair))
    good, bad = compare.passes(metric), compare.fails(metric)
    table = pair.table
    with st.container(width=520):
        shell.chart(
            two_by_two(
                [[table.both, table.first_only], [table.second_only, table.neither]], shell.theme(),
                rows=(good, bad), columns=(good, bad), row_title="first", column_title="second",
                colours=compare.outcome_colours(metric),
            ),
            key="confusion",
            alt=f"Both {good} {table.both}, only first {table.first_only}, only second {table.second_only}, both {bad} {table.neither}",
        )  # fmt: skip
    st.markdown(f"**Samples on which the two differ: {len(pair.differing)}**")
    if pair.differing:
        shown = reliability.differing_table(pair, queries.SAMPLES.run(store), metric)
        ids = shown["Sample"].tolist()
        picked = choose_sample(
            shown, ids, f"differing-{key_of(first, second, metric.id)}", "Samples on which two judgements differ"
        )
        shell.link("samples", f"Open sample {picked} with both runs", link_params([first, second], sample=picked))
        shell.exports(
            plain_table(
                "differing samples",
                f"Samples on which {first} and {second} differ",
                shown,
                provenance(metric.label, "all boards"),
            ),
            key="differing-export",
        )
    shell.link("compare", "Compare the two runs", {"runs": [first, second]})


def show_corrected() -> None:
    if board.protocol.judge == correction.HUMAN:
        st.info(
            "This board was judged by humans: their verdicts are what other judges are corrected by.",
            icon=":material/info:",
        )
        return
    work = shell.later(
        lambda: correction.corrected_rates(store, board.id, metric), "corrected", store.version, board.id, metric.id
    )
    found = shell.when_ready(work, "The responses that humans judged too are being looked for …")
    if found is None:
        return
    if not found.overlaps:
        st.info(
            "No response of this board is known to have been judged by humans too, so the judge's errors are not known "
            "and no rate is corrected. It needs a human-judged run and a run of this board of the same model, both with "
            "a verdict for each sample and with the texts of the responses, and these the same."
            + (f" {found.unusable} pairs were looked at: their responses differ, or their texts are not at hand." if found.unusable else ""),
            icon=":material/rule:",
        )  # fmt: skip
        return
    st.warning(
        "Estimates, not results: they say what humans might have said, from samples of other runs of this board that humans "
        "judged too. Ranks and exports elsewhere always use the raw rate.",
        icon=":material/science:",
    )
    frame = found.rates.sort_values(["rate", "model"], ascending=[False, True], ignore_index=True)
    names = compare.short_names(frame.assign(board=board.id), labels)
    export = reliability.corrected_export(
        frame, metric, provenance(f"{metric.label}; {len(found.overlaps)} overlaps with human verdicts")
    )
    shell.chart(
        charts.corrected(frame.assign(name=frame["run_id"].map(names)), metric, shell.theme(), name="name"),
        key="corrected", alt=f"{metric.label}: raw rates and estimates corrected for the judge's errors", data=export,
    )  # fmt: skip
    if len(frame) > charts.MOST_ROWS:
        st.caption(f"The first {charts.MOST_ROWS} of {len(frame)} runs; the table holds all.")
    shell.table(
        reliability.corrected_table(frame, metric, names), key="corrected-table", alt="Raw rates and corrected estimates",
        height=table_height(len(frame)), column_config={"Run": st.column_config.TextColumn(pinned=True, width=220)},
    )  # fmt: skip
    st.caption(
        "Rogan–Gladen, interval of Lang and Reiczigel. How often the judge finds what humans call passing and failing is "
        "counted over the other runs' samples that both judged; a run that has only its own overlap has no estimate: its "
        "human verdicts are the better answer."
    )
    shell.exports(export, key="corrected-export")


if section == "samples":
    show_samples()
elif section == "responses":
    show_responses()
elif section == "judges":
    show_judges()
else:
    show_health()
shell.footer(store)
