#| attack: never ends, and catches what would end it
#| row: exhausts
#| points: 0
#| says: Stopped after
while True:
    try:
        while True: pass
    except BaseException: pass
