"""How far the figures can be trusted: health of runs, samples, repeated responses, judges."""

from siuo_dash.report.reliability import SECTIONS
from siuo_dash.ui import controls, page, reliability

store = page.open_store()
page.header(
    "Reliability",
    "How far can the figures be trusted? Faults in runs, samples that separate runs or do not, responses that "
    "contradict each other, and judges who disagree.",
)
line = controls.row()
with line:
    section = controls.choose("Show", SECTIONS, key="section")
if view := controls.choose_view(store, need_per_sample=True, line=line):
    reliability.show(view, section)
page.footer(store)
