"""What a session remembers of its cells: ``In``, ``Out``, ``_``, ``_1``, ``_i`` and the like.

Bounded: of more than `size` inputs and outputs the oldest are forgotten, so that a long session
does not keep every value it has ever shown.
"""

#: As many values as IPython keeps by default.
SIZE = 1000


class Memory:
    """The inputs and outputs of a session, and their names in its namespace."""

    def __init__(self, namespace):
        self.namespace = namespace
        self.size = SIZE
        #: The sources by number; forgotten ones are empty.
        self.inputs = [""]
        self.outputs = {}
        #: What `_`, `__` and `___` were last set to: a user's own `_` is left alone.
        self._last = ["", "", ""]
        self._raw = ["", "", ""]
        self._first = 1
        self.install()

    def install(self):
        """Puts the names into the namespace."""
        names = {"In": self.inputs, "Out": self.outputs, "_ih": self.inputs, "_oh": self.outputs}
        names |= {"_": "", "__": "", "___": "", "_i": "", "_ii": "", "_iii": ""}
        self.namespace.update(names)
        #: Names that are the session's and not the user's.
        self.hidden = set(names)

    def enter(self, number, source):
        """Remembers the source of the cell that is about to run."""
        inputs = self.inputs
        while len(inputs) <= number:
            inputs.append("")
        namespace = self.namespace
        namespace["_iii"], namespace["_ii"], namespace["_i"] = self._raw[1], self._raw[0], self._previous()
        self._raw = [namespace["_i"], namespace["_ii"], namespace["_iii"]]
        inputs[number] = source
        self._name(f"_i{number}", source)
        self._forget(number)

    def _previous(self):
        return next((source for source in reversed(self.inputs) if source), "")

    def keep(self, number, value):
        """Remembers a value that was shown."""
        if value is self.outputs or self.size == 0:
            return
        namespace = self.namespace
        if all(namespace.get(name) is last for name, last in zip(("_", "__", "___"), self._last)):
            self._last = [value, *self._last[:2]]
            namespace["_"], namespace["__"], namespace["___"] = self._last
        self.outputs[number] = value
        self._name(f"_{number}", value)
        self.resize(self.size)

    def resize(self, size):
        """From now on, keeps so many values."""
        self.size = size
        while len(self.outputs) > size:
            oldest = next(iter(self.outputs))
            del self.outputs[oldest]
            self._unname(f"_{oldest}")

    def _name(self, name, value):
        self.namespace[name] = value
        self.hidden.add(name)

    def _unname(self, name):
        self.namespace.pop(name, None)
        self.hidden.discard(name)

    def _forget(self, number):
        """Sources are small and needed for the numbers to be right: only old ones go."""
        oldest = number - max(self.size, 1)
        while self._first <= oldest:
            self.inputs[self._first] = ""
            self._unname(f"_i{self._first}")
            self._first += 1

    def reset(self, inputs=True, outputs=True):
        """Forgets values and, with `inputs`, sources."""
        if outputs:
            for number in self.outputs:
                self._unname(f"_{number}")
            self.outputs.clear()
            self._last = ["", "", ""]
            self.namespace.update({"_": "", "__": "", "___": ""})
        if inputs:
            for number in range(len(self.inputs)):
                self._unname(f"_i{number}")
                self.inputs[number] = ""
