"""Errors a person can act on: what happened, where, what to do next, where the evidence is kept.

The class decides about retrying, here and in Airflow: `SiteDown` is worth another try, nothing else is.
No message ever carries a reviewer's words, a name or a key.
"""

from __future__ import annotations

from collections.abc import Sequence


class RapportError(Exception):
    """Something a person must know. `what`, `where`, `next_step` and `evidence` make up the message."""

    def __init__(self, what: str, *, where: str = "", next_step: str = "", evidence: str = "") -> None:
        self.what, self.where, self.next_step, self.evidence = what, where, next_step, evidence
        super().__init__(str(self))

    def __str__(self) -> str:
        said = f"{self.where}: {self.what}" if self.where else self.what
        parts = [said.rstrip(".")]
        if self.next_step:
            parts.append(self.next_step.rstrip("."))
        if self.evidence:
            parts.append(f"Evidence: {self.evidence}")
        return ". ".join(parts) + ("" if self.evidence else ".")

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process boundaries in the render pool; keyword-only arguments need this.
        return (_revive, (type(self), dict(self.__dict__)))


def _revive(cls: type[RapportError], state: dict[str, object]) -> RapportError:
    error = cls.__new__(cls)
    error.__dict__.update(state)
    error.args = (str(error),)
    return error


class SiteDown(RapportError):
    """The other side does not answer or asks us to slow down. Retry, after `retry_after_seconds` if given."""

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        next_step: str = "Nothing needs doing unless it persists: the run is tried again",
        evidence: str = "",
        retry_after_seconds: float | None = None,
        status: int | None = None,
    ) -> None:
        self.retry_after_seconds, self.status = retry_after_seconds, status
        super().__init__(what, where=where, next_step=next_step, evidence=evidence)


class BadKey(RapportError):
    """A key is missing, expired, revoked, or not allowed to read this. Retrying cannot help."""


class NoKey(BadKey):
    """No key was given yet. The source is left out and says so; nothing is wrong."""


class ChangedShape(RapportError):
    """A page is not what the contract says. Retrying cannot help; the page is kept."""


class BadExport(RapportError):
    """An owner's export file does not fit its description in practices.toml."""


class BadPractices(RapportError):
    """practices.toml is missing, unreadable or contradicts itself."""


class BadSettings(RapportError):
    """A setting has a value that cannot work."""


class UnknownName(RapportError):
    """A source, practice, month or metric was named that does not exist."""


class CheckFailed(RapportError):
    """The new warehouse did not pass its checks; the one before still stands."""


class NotReady(RapportError):
    """Something needed is not there yet, for example a warehouse, a PDF or a complete month."""


class RenderFailed(RapportError):
    """A PDF could not be made, or what was made must not be sent."""


class SendFailed(RapportError):
    """Mail could not be sent, or must not be."""


class NotApproved(RapportError):
    """Reports were about to be sent that no person had approved."""


class SeveralFailed(RapportError):
    """Some units of a task failed and the others are done. Retried only while one of them can recover."""

    def __init__(self, what: str, failures: Sequence[RapportError], *, where: str = "", next_step: str = "") -> None:
        self.failures = list(failures)
        listed = "; ".join(str(f) for f in self.failures)
        super().__init__(f"{what} {listed}", where=where, next_step=next_step)

    @property
    def retry_after_seconds(self) -> float | None:
        """The longest delay any failed unit asked for, or None where nobody said."""
        asked = [f.retry_after_seconds for f in self.failures if isinstance(f, SiteDown) and f.retry_after_seconds]
        return max(asked, default=None)

    @property
    def can_recover(self) -> bool:
        return any(isinstance(f, SiteDown) for f in self.failures)
