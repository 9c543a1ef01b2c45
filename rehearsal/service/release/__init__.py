"""The service through a change: the release before serves, the coming one takes over, and can be rolled back."""

from rehearsal.service.release.run import rehearse_release

__all__ = ["rehearse_release"]
