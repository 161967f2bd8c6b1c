#| attack: has a shell do it
#| row: exhausts
#| points: 0
#| says: Operation not permitted
import subprocess
subprocess.run(['/bin/sh', '-c', 'touch @OUTSIDE@/mine'], check=True)
def answer():
    return 42
