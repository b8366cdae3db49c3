"""The language of the scenarios: three nouns - world, responder, incident - and people's verbs."""

from tests.acceptance.dsl.drivers import SERVICES, CrashMoment, Service
from tests.acceptance.dsl.incidents import Incident
from tests.acceptance.dsl.people import Responder
from tests.acceptance.dsl.times import at, days, hours, minutes, seconds
from tests.acceptance.dsl.world import World

__all__ = [
    "SERVICES",
    "CrashMoment",
    "Incident",
    "Responder",
    "Service",
    "World",
    "at",
    "days",
    "hours",
    "minutes",
    "seconds",
]
