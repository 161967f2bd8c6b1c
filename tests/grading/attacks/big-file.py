#| attack: writes a file without end
#| row: exhausts
#| points: 0
with open('big', 'wb') as big:
    while True: big.write(bytes(1 << 20)); big.flush()
