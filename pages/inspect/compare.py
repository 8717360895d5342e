"""Two runs compared as statisticians would, or one run against many."""

from siuo_dash.ui import compare, compare_choice, frame, page

store = page.open_store()
with frame.head("Compare"):
    choice = compare_choice.choose(store)
compare.show(choice)
page.footer(store)
