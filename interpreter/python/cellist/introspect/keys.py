"""Keys of dictionaries: ``d["al``, ``d["alpha"]["be``, ``d[``."""

import re

_OPENED = re.compile(r"\s*([rRbBuU]{0,2})(\"\"\"|'''|\"|')")
_PLAIN = re.compile(r"[\w.+-]*$")
#: More keys than these are not listed.
_MOST = 1000


def complete(completer):
    """``(matches, start)`` where a key is typed, else None."""
    from cellist.introspect.completer import Match

    place = completer.place
    at = place.subscripted()
    if at is None or not (place.string or at[1].strip() == place.prefix and not place.is_attribute):
        return None
    container, typed = at
    value = completer.infer(container)
    found = _keys_of(value) if value is not None else None
    if found is None:
        return None
    string = place.string
    if string is not None and string.has_fields:
        return None
    closing = "" if place.after.lstrip().startswith("]") else "]"
    matches = []
    for key in found[:_MOST]:
        text = _text(key, string, typed if string is None else place.before[string.content:], place, closing)
        if text is not None:
            matches.append(Match(text, "instance"))
    start = place.cursor - (len(place.prefix) if string is None else len(place.before) - string.content)
    if string is None:
        # Any expression may stand here too.
        if place.prefix and not matches:
            return None
        if not matches:
            return None
        matches += completer._names() if not place.is_attribute else []
    return matches, start


def _text(key, string, typed, place, closing):
    """What is to be inserted for a key, or None when something else was typed."""
    if string is None:
        if type(key) not in (str, bytes, int):
            return None
        text = repr(key)
        return text + closing if text.startswith(typed.strip()) else None
    if "b" in string.prefix:
        key = key.decode("latin-1") if type(key) is bytes else None
    if type(key) is not str or not key.startswith(typed):
        return None
    text = key
    if "r" not in string.prefix:
        text = repr(key + "\"" if string.quote == "'" else key + "'")[1:-2]
        text = text.replace("\\'", "'") if string.quote != "'" else text.replace("'", "\\'").replace("\\\\'", "\\'")
        if string.quote == "\"":
            text = text.replace("\"", "\\\"")
    if place.after.startswith(string.quote):
        return text
    return text + string.quote + closing


def _keys_of(value):
    """The keys of a dictionary, or those that an object offers for completion, or None."""
    keys = value.keys()
    if keys is not None:
        return keys
    offer = getattr(value, "obj", None)
    if offer is None:
        return None
    from cellist.introspect import guarded

    # The protocol by which classes tell what they want completed: made to be called here.
    function = guarded.in_class(type(offer), "_ipython_key_completions_")
    if function is guarded.MISSING:
        return None
    try:
        return [key for key in function(offer) if guarded.is_plain(key)]
    except Exception:
        return None
