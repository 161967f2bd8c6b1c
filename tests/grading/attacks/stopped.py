#| attack: stops itself
#| row: exhausts
#| points: 0
#| says: Stopped after
import os, signal
os.kill(os.getpid(), signal.SIGSTOP)
