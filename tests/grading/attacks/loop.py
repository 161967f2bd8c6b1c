#| attack: never ends
#| row: exhausts
#| points: 0
#| says: Stopped after
while True:
    pass
