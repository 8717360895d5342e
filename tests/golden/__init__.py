"""What the program shows and prints, over known data, held against digests taken before the program was rearranged.

Nothing here imports the program: pages are opened by their address, commands run as `python -m siuo_dash`, and made-up
data follow the shipped file's schema. So the same collector reads a tree whose modules have moved.
"""
