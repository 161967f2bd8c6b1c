#| attack: kills itself
#| row: ends
#| points: 0
#| says: killed
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
