"""What `rpds` is where its compiled package cannot be: maps, sets, lists that never change.

rpds-py is written in Rust for CPython; jsonschema and referencing, and by them Altair and nbformat,
ask for it. This is the same in Python: names, errors and texts are those of rpds-py. What makes a
changed copy costs as much as the copy is long; in rpds-py that is nearly nothing. Installing a
package that requires it puts this in its place (`cellist.wheels`).
"""

from collections.abc import ItemsView, Iterable, KeysView, Mapping, Set, ValuesView

__all__ = ["HashTrieMap", "HashTrieSet", "List", "Queue", "Stack"]


def _pairs(value):
    """The items of a mapping, or pairs as they are."""
    if isinstance(value, HashTrieMap):
        return value._dict
    if isinstance(value, Mapping) or hasattr(value, "keys"):
        return {key: value[key] for key in value.keys()}
    return dict(value)


class HashTrieMap:
    """A mapping whose changes are new mappings."""

    __slots__ = ("_dict", "__weakref__")

    def __init__(self, value=(), /, **kwds):
        self._dict = {**_pairs(value), **kwds}

    @classmethod
    def _of(cls, items):
        made = cls.__new__(cls)
        made._dict = items
        return made

    @classmethod
    def convert(cls, value):
        """The value itself if it is a map of this kind, else one made of it."""
        return value if isinstance(value, cls) else cls(value)

    @classmethod
    def fromkeys(cls, keys, value=None):
        """A map in which all the keys have one value."""
        return cls._of(dict.fromkeys(keys, value))

    def __getitem__(self, key):
        return self._dict[key]

    def __contains__(self, key):
        return key in self._dict

    def __iter__(self):
        return iter(self._dict)

    def __len__(self):
        return len(self._dict)

    def __eq__(self, other):
        return self._dict == other._dict if isinstance(other, HashTrieMap) else NotImplemented

    def __hash__(self):
        return hash(frozenset(self._dict.items()))

    def __repr__(self):
        return f"HashTrieMap({self._dict!r})"

    def __reduce__(self):
        return type(self), (dict(self._dict),)

    def get(self, key, default=None):
        """The value of a key, or the default."""
        return self._dict.get(key, default)

    def keys(self):
        """A view of the keys."""
        return KeysView(self)

    def values(self):
        """A view of the values."""
        return ValuesView(self)

    def items(self):
        """A view of the pairs."""
        return ItemsView(self)

    def insert(self, key, val):
        """The map with this value under the key."""
        return self._of({**self._dict, key: val})

    def remove(self, key):
        """The map without the key. KeyError when it is not there."""
        items = dict(self._dict)
        del items[key]
        return self._of(items)

    def discard(self, key):
        """The map without the key."""
        return self.remove(key) if key in self._dict else self._of(self._dict)

    def update(self, *maps, **kwds):
        """The map with the items of others; the later one counts."""
        items = dict(self._dict)
        for value in (*maps, kwds):
            items.update(_pairs(value))
        return self._of(items)


class HashTrieSet(Set):
    """A set whose changes are new sets."""

    __slots__ = ("_set", "__weakref__")

    def __init__(self, value=()):
        self._set = frozenset(value)

    @classmethod
    def _from_iterable(cls, it):
        return cls(it)

    def __contains__(self, value):
        return value in self._set

    def __iter__(self):
        return iter(self._set)

    def __len__(self):
        return len(self._set)

    def __hash__(self):
        return hash(self._set)

    def __repr__(self):
        return f"HashTrieSet({{{', '.join(map(repr, self._set))}}})"

    def __reduce__(self):
        return type(self), (list(self._set),)

    def union(self, other):
        """What is in one of both."""
        return type(self)(self._set.union(other))

    def intersection(self, other):
        """What is in both."""
        return type(self)(self._set.intersection(other))

    def difference(self, other):
        """What is not in the other."""
        return type(self)(self._set.difference(other))

    def symmetric_difference(self, other):
        """What is in one of both only."""
        return type(self)(self._set.symmetric_difference(other))

    def insert(self, value):
        """The set with the value."""
        return type(self)((*self._set, value))

    def remove(self, value):
        """The set without the value. KeyError when it is not there."""
        if value not in self._set:
            raise KeyError(value)
        return self.discard(value)

    def discard(self, value):
        """The set without the value."""
        return type(self)(self._set - {value})

    def update(self, *iterables):
        """The set with the values of others."""
        return type(self)(self._set.union(*iterables))


def _elements(elements):
    """One argument is an iterable, several are the elements."""
    return tuple(elements[0] if len(elements) == 1 else elements)


class _Chain:
    """Cells that know the next one: what is added in front shares all behind it."""

    __slots__ = ("_cell", "_length", "__weakref__")

    def __init__(self, cell, length):
        self._cell, self._length = cell, length

    def __iter__(self):
        cell = self._cell
        while cell is not None:
            value, cell = cell
            yield value

    def __len__(self):
        return self._length

    def __eq__(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other))

    def __hash__(self):
        return hash(tuple(self))

    def __repr__(self):
        return f"{type(self).__name__}([{', '.join(map(repr, self))}])"

    def __reduce__(self):
        return type(self), (list(self),)

    @classmethod
    def _of(cls, cell, length):
        made = cls.__new__(cls)
        _Chain.__init__(made, cell, length)
        return made

    def _pushed(self, value):
        return self._of((value, self._cell), self._length + 1)

    def _first(self, complaint):
        if self._cell is None:
            raise IndexError(complaint)
        return self._cell[0]

    def _dropped(self, complaint):
        self._first(complaint)
        return self._of(self._cell[1], self._length - 1)


class List(_Chain):
    """A list that is made and read from its front."""

    __slots__ = ()

    def __init__(self, *elements):
        elements = _elements(elements) if elements else ()
        cell = None
        for value in reversed(elements):
            cell = (value, cell)
        super().__init__(cell, len(elements))

    def __reversed__(self):
        return reversed(tuple(self))

    @property
    def first(self):
        """The first element. IndexError when there is none."""
        return self._first("empty list has no first element")

    @property
    def rest(self):
        """All but the first element; of an empty list, an empty one."""
        return self.drop_first() if self._cell is not None else self

    def push_front(self, value):
        """The list with one more element, the first."""
        return self._pushed(value)

    def drop_first(self):
        """The list without its first element. IndexError when there is none."""
        return self._dropped("empty list has no first element")


class Stack(_Chain):
    """A stack: last in, first out."""

    __slots__ = ()

    def __init__(self, *elements):
        elements = _elements(elements) if elements else ()
        cell = None
        for value in elements:
            cell = (value, cell)
        super().__init__(cell, len(elements))

    def __repr__(self):
        return f"Stack({list(self)[::-1]!r})"

    def __reduce__(self):
        return type(self), (list(self)[::-1],)

    def push(self, value):
        """The stack with one more element on top."""
        return self._pushed(value)

    def pop(self):
        """The stack without what is on top. IndexError when there is nothing."""
        return self._dropped("popped an empty stack")

    def peek(self):
        """What is on top. IndexError when there is nothing."""
        return self._first("peeked an empty stack")


class Queue:
    """A queue: first in, first out."""

    __slots__ = ("_items", "__weakref__")

    def __init__(self, *elements):
        self._items = _elements(elements) if elements else ()

    @classmethod
    def _of(cls, items):
        made = cls.__new__(cls)
        made._items = items
        return made

    def __iter__(self):
        return iter(self._items)

    def __len__(self):
        return len(self._items)

    def __eq__(self, other):
        return self._items == other._items if isinstance(other, Queue) else NotImplemented

    def __hash__(self):
        return hash(self._items)

    def __repr__(self):
        return f"Queue([{', '.join(map(repr, self._items))}])"

    def is_empty(self):
        """Whether nothing is in it."""
        return not self._items

    def peek(self):
        """What came first. IndexError when there is nothing."""
        if not self._items:
            raise IndexError("peeked an empty queue")
        return self._items[0]

    def enqueue(self, value):
        """The queue with one more element at its end."""
        return self._of((*self._items, value))

    def dequeue(self):
        """The queue without what came first. IndexError when there is nothing."""
        if not self._items:
            raise IndexError("dequeued an empty queue")
        return self._of(self._items[1:])


Mapping.register(HashTrieMap)
Iterable.register(List)
