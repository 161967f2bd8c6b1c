#| attack: listens for what is compiled
#| row: read
#| points: 0
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(repr(args)) if event == 'compile' else None)
def answer():
    return [text for text in seen if 'sesame' in text] or 1
