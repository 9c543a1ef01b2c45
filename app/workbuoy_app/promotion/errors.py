"""What ends a promotion's command with one clear line."""

from __future__ import annotations


class PromotionRefused(Exception):
    """Cannot be done, or must not; says in one line why, where, and what to do."""
