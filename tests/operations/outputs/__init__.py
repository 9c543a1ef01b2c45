"""Tests of the outputs for programs."""
