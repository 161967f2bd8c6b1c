#| attack: recurses without end
#| row: exhausts
#| points: 0
def answer():
    return answer()
