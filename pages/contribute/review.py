"""What waits for a decision: its findings, scores, place, texts and sender. For reviewers; others get plain words."""

import streamlit as st

from siuo_dash.analysis import preview
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.errors import SiuoError
from siuo_dash.report import review
from siuo_dash.settings import paths
from siuo_dash.store import review as submissions
from siuo_dash.ui import account, identity, page
from siuo_dash.ui.display import plain
from siuo_dash.ui.review_parts import decide, person, queue, texts
from siuo_dash.ui.upload_form import results
from siuo_dash.ui.upload_form.draft import Draft


def show_queue(me: submissions.Actor) -> None:
    data_dir = paths.data_dir()
    store = page.open_store()
    account.outcome(decide.PAGE)
    waiting = submissions.waiting(data_dir, me)
    if not waiting:
        st.info("Nothing waits for review.", icon=":material/inbox:")
        page.footer(store)
        return
    chosen = queue.choose(waiting)
    try:
        table = submissions.table_of(data_dir, chosen.run_id, me)
    except SiuoError as error:  # it can be rejected all the same
        st.error(plain(str(error)), icon=":material/error:")
        person.earlier(data_dir, chosen, me)
        decide.offer(data_dir, chosen, None, me)
        page.footer(store)
        return
    st.header(plain(review.name(chosen)), anchor=False)
    st.markdown(plain(f"Sent by {chosen.owner or 'somebody not stated'}, waiting since {review.since(chosen)}."))
    names = preview.known_names(store)
    person.about(chosen, table, names, me)
    submission = queue.read(chosen, table, store.catalogue)
    results.findings(submission)
    queue.others_alike(data_dir, chosen, table, waiting, me)
    if submission.ok:
        results.scores(submission)
        metadata = RunMetadata(model=chosen.model, judge=chosen.judge or "")
        results.place(
            store, Draft(number=f"review-{chosen.run_id}"), submission, metadata, names["model"], chosen.supersedes
        )
    texts.show(store, table, chosen.run_id)
    person.earlier(data_dir, chosen, me)
    decide.offer(data_dir, chosen, str(table["source_status"][0]), me)
    page.footer(store)


page.header(
    "Review",
    "What was sent is published only when a reviewer approves it: its faults, its scores, where it would stand, and its words.",
)
who = identity.visitor()
if not identity.settings().hosted:
    st.info(
        "Nothing goes to review here: on this machine, what is uploaded is published at once.", icon=":material/home:"
    )
    page.link("upload", "Upload a run")
elif who.is_reviewer and who.actor is not None:
    show_queue(who.actor)
elif who.actor is None:
    account.ask_to_sign_in("This page is for reviewers. Sign in if you are one.")
else:
    st.info("This page is for reviewers, and your address is not on their list.", icon=":material/lock:")
    page.link("upload", "What became of your own submissions", {"section": "My submissions"})
