from __future__ import annotations


def parse_normalized(text):
    return None


def shortest_interval(spec, today):
    return None
