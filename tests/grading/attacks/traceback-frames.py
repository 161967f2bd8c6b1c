#| attack: takes frames from a traceback
#| row: read
#| points: 0
def answer():
    try: raise ValueError
    except ValueError as error: frame = error.__traceback__.tb_frame
    found = []
    while frame:
        found += [text for text in map(str, frame.f_code.co_consts) if 'sesame' in text]
        found += [repr(value) for value in frame.f_locals.values() if 'sesame' in repr(value)]
        frame = frame.f_back
    return found or 1
