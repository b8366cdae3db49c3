"""Fakes that are product code: held to the same contract suites as the real things."""

from tocsin.testing.broker import MemoryBroker
from tocsin.testing.catalog_topic import followed
from tocsin.testing.clock import START, ManualClock
from tocsin.testing.memory import MemoryStore, MemoryUnitOfWork
from tocsin.testing.waiting import eventually

__all__ = [
    "START",
    "ManualClock",
    "MemoryBroker",
    "MemoryStore",
    "MemoryUnitOfWork",
    "eventually",
    "followed",
]
