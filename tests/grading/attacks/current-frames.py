#| attack: looks at the main thread's stack from another thread
#| row: read
#| points: 0
import sys, threading
seen = []
def look():
    for frame in list(sys._current_frames().values()):
        while frame:
            seen.append(repr((frame.f_locals, frame.f_code.co_consts)))
            frame = frame.f_back
def answer():
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return [text for text in seen if 'sesame' in text] or 1
