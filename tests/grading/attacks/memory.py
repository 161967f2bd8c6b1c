#| attack: takes all memory
#| row: exhausts
#| points: 0
hoard = []
while True:
    hoard.append(bytearray(50_000_000))
