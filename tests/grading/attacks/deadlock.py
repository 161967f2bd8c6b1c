#| attack: waits for what nobody does
#| row: exhausts
#| points: 0
#| says: DeadlockError
import threading
threading.Event().wait()
