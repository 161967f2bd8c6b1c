#| attack: takes all memory at once
#| row: exhausts
#| points: 0
bytearray(10 ** 12)
