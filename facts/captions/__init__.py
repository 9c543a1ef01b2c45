"""Captions for facts, in English and Norwegian."""

from facts.captions.english import ENGLISH
from facts.captions.language import Language
from facts.captions.norwegian import NORWEGIAN

__all__ = ["ENGLISH", "NORWEGIAN", "Language"]
