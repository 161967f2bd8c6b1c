#| attack: goes from its own function to whoever holds it
#| row: read
#| points: 0
import gc
def answer():
    return [repr(one)[:2000] for one in gc.get_referrers(answer)]
