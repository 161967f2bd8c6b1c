"""What events and `run_cell` tell about the run of a cell."""


class ExecutionInfo:
    """What was asked for by a run of a cell."""

    def __init__(self, raw_cell, store_history=False, silent=False, shell_futures=True, cell_id=None):
        self.raw_cell, self.store_history, self.silent = raw_cell, store_history, silent
        self.shell_futures, self.cell_id = shell_futures, cell_id
        self.transformed_cell = raw_cell


class ExecutionResult:
    """How a run of a cell ended."""

    def __init__(self, info, execution_count=None):
        self.info = info
        self.execution_count = execution_count
        self.error_before_exec = None
        self.error_in_exec = None
        self.result = None

    @property
    def success(self):
        return self.error_before_exec is None and self.error_in_exec is None

    def raise_error(self):
        """Raises what the cell raised."""
        for error in (self.error_before_exec, self.error_in_exec):
            if error is not None:
                raise error

    def __repr__(self):
        return (f"<ExecutionResult execution_count={self.execution_count} success={self.success} "
                f"error_before_exec={self.error_before_exec!r} error_in_exec={self.error_in_exec!r} "
                f"result={self.result!r}>")
