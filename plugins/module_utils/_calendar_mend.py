from __future__ import annotations


def candidates(expression):
    return []


def timespan_candidates(span):
    return []
