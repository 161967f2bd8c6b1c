#| attack: prints without end
#| row: exhausts
#| points: 0
#| says: printed more than
while True:
    print('x' * 10_000)
