#| attack: crashes the interpreter's process
#| row: ends
#| points: 0
import os, signal
os.kill(os.getpid(), signal.SIGSEGV)
