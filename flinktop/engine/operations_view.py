"""Current operations: those of the ledger, and those that this flinktop follows or has refused."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace

from flinktop.engine.clock import Clock
from flinktop.engine.ledger import Ledger, LedgerError
from flinktop.engine.operation import Operation, State

log = logging.getLogger(__name__)

REFUSED_KEPT = 50
NO_LEDGER = "this flinktop has no ledger"


class OperationsView:
    """Known operations. Written on the engine's loop; `all` and `ledger_error` are for any thread."""

    def __init__(self, ledger: Ledger | None, clock: Clock, news: Callable[[], None]) -> None:
        """Nothing is read before `read_ledger`; `news` is called when `all` or `ledger_error` has changed."""
        self.all: tuple[Operation, ...] = ()  # newest first
        self.ledger_error = NO_LEDGER if ledger is None else None  # why nothing can be recorded
        self.notices: tuple[str, ...] = ()
        """Messages about the ledger for the user, in sentences, oldest first; for any thread."""
        self._ledger = ledger
        self._clock = clock
        self._news = news
        self._read: tuple[Operation, ...] = ()
        self._here: dict[str, Operation] = {}
        self._saved: dict[str, Operation] = {}

    # -- the ledger ------------------------------------------------------------------------------------

    def read_ledger(self) -> None:
        """Read what other flinktops have written, and retry writes that failed."""
        if self._ledger is None:
            return
        with self._noting_errors():
            if self._ledger.changed(self):
                self._read = self._ledger.operations()
                self._publish()
            self._catch_up(self._ledger)
            self.set_ledger_error(None)
        self._take_notices(self._ledger)

    def _take_notices(self, ledger: Ledger) -> None:
        for notice in ledger.take_notices():
            log.warning("%s", notice)
            self.notices += (notice,)
            self._news()

    def _catch_up(self, ledger: Ledger) -> None:
        for operation in list(self._here.values()):
            saved = self._saved.get(operation.id)
            if saved is not None and _kept(saved) != _kept(operation):
                ledger.save(operation, self._clock.wall())
                self._saved[operation.id] = operation

    def heartbeat(self) -> None:
        """Renew the lease of the operations followed here."""
        if self._ledger is None or self.idle():
            return
        with self._noting_errors():
            self._ledger.heartbeat(self._clock.wall())

    def take_over(self, cluster: str) -> tuple[Operation, ...]:
        """Take over the unfinished operations of a cluster that nobody follows."""
        taken: tuple[Operation, ...] = ()
        with self._noting_errors():
            taken = self._ledger.take_over(cluster, self._clock.wall()) if self._ledger is not None else ()
        for operation in taken:
            log.info("%s of %s is taken over", operation.label, operation.subject)
            self._saved[operation.id] = operation
            self.put(operation)
        return taken

    def write_down(self, operation: Operation) -> Operation:
        """Record it as planned, then as sent; both are on the disk when this returns.

        Raises:
            LedgerError: it can't be recorded; nothing may be sent then.
        """
        if self._ledger is None:
            raise LedgerError(NO_LEDGER)
        operation = operation.without_secrets()
        self._ledger.add(operation, self._clock.wall())
        operation = replace(operation, state=State.SENT, sent=self._clock.wall())
        if not self._ledger.save(operation, self._clock.wall()):
            raise LedgerError("another flinktop took this operation over as abandoned")
        self._saved[operation.id] = operation
        return self.put(operation)

    def claimed(self, operation: Operation) -> frozenset[str]:
        """Paths of savepoints of its job that belong to other operations."""
        if operation.job is None or self._ledger is None:
            return frozenset()
        try:
            return self._ledger.claimed(operation.job, operation.id)
        except LedgerError as error:
            self.set_ledger_error(str(error))
            made = (one.result.savepoint for one in self.all if one.id != operation.id)
            return frozenset(path for path in made if path is not None)

    def close(self) -> None:
        if self._ledger is None:
            return
        try:
            self._ledger.release()
        except LedgerError as error:
            log.warning("%s", error)
        self._ledger.close(self)
        self._take_notices(self._ledger)

    def set_ledger_error(self, reason: str | None) -> None:
        """Set or clear the reason why nothing can be recorded."""
        if self._ledger is not None and reason != self.ledger_error:
            self.ledger_error = reason
            if reason is not None:
                log.warning("%s", reason)
            self._news()

    @contextmanager
    def _noting_errors(self) -> Iterator[None]:
        """Record LedgerErrors of the block in `ledger_error` instead of raising them."""
        try:
            yield
        except LedgerError as error:
            self.set_ledger_error(str(error))

    # -- operations followed here ----------------------------------------------------------------------

    def now(self, number: str) -> Operation | None:
        """The current state of an operation of this flinktop."""
        return self._here.get(number)

    def idle(self) -> bool:
        return all(operation.state.final for operation in self._here.values())

    def put(self, operation: Operation) -> Operation:
        """Publish the operation without recording it."""
        operation = operation.without_secrets()
        self._here[operation.id] = operation
        self._publish()
        return operation

    def save(self, operation: Operation, *, known: bool = False) -> Operation:
        """Publish the operation, and record it when one of its recorded fields has changed.

        The returned operation is not `ours` when another flinktop has taken it over.
        """
        operation = operation.without_secrets()
        if self._ledger is None or _kept(operation) == _kept(self._saved.get(operation.id)):
            return self.put(operation)
        # If the ledger fails it is followed nevertheless, and recorded as soon as possible.
        with self._noting_errors():
            if not self._ledger.save(operation, self._clock.wall(), known=known):
                log.info("%s of %s is followed by another flinktop", operation.label, operation.subject)
                return self._lose(operation)
            self._saved[operation.id] = operation
        return self.put(operation)

    def end(self, operation: Operation, state: State, reason: str) -> Operation:
        """End the operation; a refused one is published but not recorded."""
        operation = self.ended(operation, state, reason)
        log.info("%s of %s: %s %s", operation.label, operation.subject, state, reason)
        if state is State.REFUSED:
            self._forget_refused()
            return self.put(operation)
        return self.save(operation)

    def ended(self, operation: Operation, state: State, reason: str) -> Operation:
        return replace(
            operation, state=state, reason=reason, words="", progress=None, ended=self._clock.wall()
        )

    def _lose(self, operation: Operation) -> Operation:
        self._here.pop(operation.id, None)
        self._saved.pop(operation.id, None)
        self.read_ledger()
        self._publish()
        return replace(operation, ours=False)

    def _forget_refused(self) -> None:
        refused = [one.id for one in self._here.values() if one.state is State.REFUSED]
        for number in refused[:-REFUSED_KEPT]:
            del self._here[number]

    def _publish(self) -> None:
        read = {operation.id: operation for operation in self._read}
        merged = (read | self._here).values()
        self.all = tuple(sorted(merged, key=lambda one: one.planned, reverse=True))
        self._news()


def _kept(operation: Operation | None) -> tuple[Any, ...] | None:
    """The fields of an operation that change on the disk."""
    if operation is None:
        return None
    return operation.state, operation.trigger, operation.result, operation.reason, operation.ended
