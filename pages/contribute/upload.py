"""From a result file to a published run: findings, questions, preview, publish; and the way back."""

from siuo_dash.ui import page, upload

store = page.open_store()
page.header("Upload", upload.sentence())
upload.show(store, upload.choose_section())
page.footer(store)
