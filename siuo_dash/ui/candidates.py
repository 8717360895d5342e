"""The page of candidates: people review new samples one by one, see what became of all, and freeze those accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from siuo_dash.benchmark.schema import BENCHMARK
from siuo_dash.construct.agreement import agreement
from siuo_dash.construct.candidates import DISAGREED, Candidate, Candidates, folders, load, same
from siuo_dash.construct.funnel import funnel
from siuo_dash.construct.lines import CRITERIA, DECISIONS, FILE
from siuo_dash.report import candidates as report
from siuo_dash.store.candidate_files import FOLDER
from siuo_dash.store.engine.database import Store
from siuo_dash.store.files import state_of
from siuo_dash.ui import account, address, browser, candidate_view, controls, display, frame, identity, page, rows
from siuo_dash.ui import candidate_acts as acts
from siuo_dash.ui.display import plain

SECTIONS: Final = {
    "review": "Review",
    "funnel": "Funnel",
    "coverage": "Coverage",
    "agreement": "Agreement",
    "freeze": "Freeze",
}
_VERBS: Final = {"accept": ("Accept", "a"), "revise": ("Revise", "e"), "reject": ("Reject", "x")}


def may_review() -> bool:
    """Whether the visitor may see this page; hosted, it is for reviewers."""
    return not identity.settings().hosted or identity.visitor().is_reviewer


def choose(store: Store) -> tuple[Path | None, str, str]:
    """The line of controls: which candidates, which part of the page, who reviews; None: there are no candidates."""
    known = folders(store.data_dir)
    if not known:
        return None, "review", ""
    folder = controls.choose("Candidates", {name: name for name in known}, key="from", label_visibility="collapsed")
    section = controls.choose("Show", SECTIONS, key="section", label_visibility="collapsed")
    if not identity.settings().hosted:
        st.text_input("Your name", placeholder="Your name", key=acts.NAME, width=160, label_visibility="collapsed")
    return known[folder or next(iter(known))], section or "review", acts.reviewer_name()


def show(store: Store, folder: Path | None, section: str, reviewer: str) -> None:
    """One part of the page. folder: of the candidates; None where there are none."""
    account.outcome(acts.PAGE)
    if folder is None:
        st.info(
            "There are no candidates yet. `siuo-dash construct` makes them from pictures; put their folder into "
            f"{FOLDER}/ of the data directory.",
            icon=":material/inbox:",
        )
        return
    known = _loaded(folder)
    for finding in known.findings[:3]:
        frame.note(str(finding))
    found = funnel(known.by_id.values())
    waiting = [each.id for each in report.open_to(known.by_id.values(), reviewer)]
    frame.answer(plain(report.answer(found, len(waiting), reviewer)))
    match section:
        case "review":
            _review(folder, known, waiting, reviewer)
        case "funnel":
            display.table(
                report.funnel_frame(found), key="funnel", alt="How many candidates reach each step, by domain"
            )
            st.caption(plain(report.discarded_words(found)))
        case "coverage":
            covered = report.coverage_frame(known.by_id.values(), store.catalogue.samples)
            st.caption(plain(report.coverage_words(covered)))
            display.table(covered, key="coverage", alt="Candidates in each subcategory")
        case "agreement":
            _agreement(folder, known, reviewer)
        case _:
            _freeze(store, folder, found.states.get("accepted", 0))


def _loaded(folder: Path) -> Candidates:
    return _of_state(folder, state_of(folder / FILE))


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={Path: str})
def _of_state(folder: Path, state: object) -> Candidates:
    return load(folder)


def _review(folder: Path, known: Candidates, left: list[str], reviewer: str) -> None:
    """The queue, the candidate and its criteria, side by side. left: the ids that wait for this reviewer."""
    queue = [each for each in known.by_id.values() if each.state in report.REVIEWED]
    if not queue:
        st.info("No candidate is ready for review yet.", icon=":material/hourglass_empty:")
        return
    ids = [each.id for each in queue]
    picked = address.held("candidate", {each: each for each in ids})
    opened = known.by_id[picked or (left or ids)[0]]
    beside, middle, right = st.columns([22, 43, 35], gap="medium")
    with beside:
        rows.show(
            report.queue_rows(queue, reviewer),
            acts.open_one,
            key="queue",
            label=f"{len(queue)} candidates; a row opens the candidate",
            page=acts.PAGE,
            query=address.query(),
            name="candidate",
            opened=opened.id,
            tall=True,
        )
    with middle:
        candidate_view.show(folder, opened, reviewer)
    with right:
        _criteria(folder, opened, ids, left, reviewer)


def _criteria(folder: Path, candidate: Candidate, ids: list[str], left: list[str], reviewer: str) -> None:
    """The authors' criteria as explicit answers, and the decision. Digits answer, letters decide."""
    place = ids.index(candidate.id)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{place + 1}** of {len(ids)}", width="stretch")
        for label, key, to in (("Previous", "left", place - 1), ("Next", "right", place + 1)):
            target = ids[to] if 0 <= to < len(ids) else ""
            st.button(
                label,
                key=f"to-{key}",
                shortcut=key,
                disabled=not target,
                on_click=acts.open_one,
                args=(target,),
            )
    with st.container(key="criteria", gap="small"):
        for number, each in enumerate(CRITERIA.values(), start=1):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f":gray-badge[{number}] {each.label}", width=165, help=each.question)
                answer = acts.key(candidate, each.id)
                st.segmented_control(each.question, each.answers, key=answer, label_visibility="collapsed")
        browser.digits(key="digits", data={"within": "st-key-criteria"})
    reason = acts.key(candidate, "reason")
    st.text_area("Reason", key=reason, height=68, placeholder="Reason: needed to revise or reject", max_chars=2000)
    own = candidate.current.get(same(reviewer))
    if own is not None:
        st.caption(plain(f"You said: {DECISIONS[own.decision]}. A new decision takes its place."))
    with st.container(horizontal=True, gap="small"):
        following = next((each for each in left if each != candidate.id), "")
        for decision, (label, key) in _VERBS.items():
            st.button(
                label,
                key=f"decide-{decision}",
                shortcut=key,
                disabled=not reviewer,
                type="primary" if decision == "accept" else "secondary",
                on_click=acts.decide,
                args=(folder, candidate, decision, following),
            )
    if not reviewer:
        st.caption("Type your name above: each review is kept under a name.")


def _agreement(folder: Path, known: Candidates, reviewer: str) -> None:
    """How far two people who reviewed independently agree, and where they do not."""
    st.caption("Two people's first reviews of the same text, given before either saw the other's.")
    found = agreement(known.by_id.values())
    display.table(report.agreement_frame(found), key="agreement", alt="Agreement of two reviewers by criterion")
    open_ones = [each for each in known.by_id.values() if each.state == DISAGREED]
    st.markdown(f"**To settle: {len(open_ones)}**")
    for each in open_ones:
        with st.container(border=True):
            st.text(each.text.query)
            if same(reviewer) not in each.current:
                st.caption("Two people disagree. Review it first: what they said is shown after your own review.")
                continue
            for review in each.current.values():
                said = ", ".join(f"{CRITERIA[name].label.lower()}: {given}" for name, given in review.criteria.items())
                st.markdown(plain(f"{review.by}: {DECISIONS[review.decision]}. {review.reason} ({said})"))
            key = acts.key(each, "settle")
            with st.container(horizontal=True, vertical_alignment="bottom"):
                st.text_input("Why", key=key, placeholder="Why", label_visibility="collapsed")
                for decision, (label, _) in _VERBS.items():
                    st.button(
                        label,
                        key=f"{key}-{decision}",
                        on_click=acts.settle,
                        args=(folder, each, decision, key),
                    )


def _freeze(store: Store, folder: Path, accepted: int) -> None:
    """Freeze what is accepted as a sample set, which is installed at once: runs on it have boards of their own."""
    st.markdown(f"**{accepted}** accepted. A set never changes: what comes later is a new version.")
    usual = 2 if identity.settings().hosted else 1
    with st.form("freeze", width=420):
        st.text_input("Name", key="freeze-name", max_chars=60, placeholder="fresh samples")
        st.number_input("Version", 1, 999, key="freeze-version")
        st.number_input("Reviewers of each sample, at least", 1, 9, usual, key="freeze-reviewers")
        st.form_submit_button("Freeze as a sample set", type="primary", on_click=acts.freeze_now, args=(store, folder))
    others = [name for name in store.sets if name != BENCHMARK]
    if others:
        st.caption(plain(f"Installed sets: {', '.join(others)}."))
        page.link("upload", "Upload a run on one of them")
