#| attack: ends the process as if all was well
#| row: verdict
#| points: 0
#| says: status 0
import os
os._exit(0)
