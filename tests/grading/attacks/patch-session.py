#| attack: puts another check runner into the session
#| row: modules
#| points: 0
import cellist.session as session
passed = lambda *a, **k: {'passed': True, 'score': None, 'hint': None, 'message': None, 'hint_error': None}
session._session.run_check = session.Session.run_check = passed
session._session.pristine.clear()
def answer():
    return 1
