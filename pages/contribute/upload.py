"""From a result file to a published run: findings, questions, preview, publish; and the way back."""

from siuo_dash.ui import frame, page, upload

store = page.open_store()
with frame.head("Upload"):
    section = upload.choose_section()
upload.show(store, section)
page.footer(store)
