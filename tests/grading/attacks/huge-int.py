#| attack: computes a number that does not end
#| row: exhausts
#| points: 0
10 ** 10 ** 9
