"""What is kept of contact methods: memory, SQLite and PostgreSQL keep the same promises."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.adapters.memory import MemoryNotifierUnitOfWork
from notifier.adapters.sql import SqlNotifierUnitOfWork
from notifier.domain.verifying import LIFETIME, WITHIN, Asked, Challenge, TooSoon, Verified
from notifier.ports import NotifierUnitOfWork
from tests.contract.conftest import MakeStore
from tests.unit.notifier.making import SECRET
from tocsin.testing import START
from tocsin.unit_of_work import Store

PROOF = Verified("ada", "phone", "webhook", "hash-1", START)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
async def store(make_store: MakeStore) -> Store[NotifierUnitOfWork]:
    return await make_store(MemoryNotifierUnitOfWork, SqlNotifierUnitOfWork, "notifier")


async def test_what_was_proven_last_counts(store: Store[NotifierUnitOfWork]) -> None:
    later = replace(PROOF, address_hash="hash-2", verified_at=START + MOMENT)
    bobs = replace(PROOF, person="bob")
    async with store.begin() as uow:
        for one in (PROOF, bobs, later):
            await uow.contacts.save(one)
    async with store.read() as uow:
        assert await uow.contacts.verified(["ada", "eve"]) == {("ada", "phone"): later}
        assert await uow.contacts.verified([]) == {}
        everybody = await uow.contacts.verified()
    assert everybody == {("ada", "phone"): later, ("bob", "phone"): bobs}


async def test_codes_come_back_as_they_were(store: Store[NotifierUnitOfWork]) -> None:
    async with store.begin() as uow:
        blank = await uow.contacts.challenge("webhook", "hash-1", START)
        assert blank == Challenge("webhook", "hash-1", START)
        asked = blank.ask("ada", "phone", "c-1", SECRET, START)
        assert isinstance(asked, Asked)
        await uow.contacts.keep(asked.challenge)
        other = await uow.contacts.challenge("email", "hash-1", START)
        assert other == Challenge("email", "hash-1", START)
    kept = replace(
        asked.challenge, wrong=3, confirmed_at=START + MOMENT, asked=(START, START + MOMENT)
    )
    async with store.begin() as uow:
        assert await uow.contacts.challenge("webhook", "hash-1", START) == asked.challenge
        await uow.contacts.keep(kept)
    async with store.read() as uow:
        assert await uow.contacts.by_token(kept.token_hash) == kept
        assert await uow.contacts.by_token("0" * 64) is None


async def test_what_is_long_over_is_forgotten_and_not_before(
    store: Store[NotifierUnitOfWork],
) -> None:
    async with store.begin() as uow:
        blank = await uow.contacts.challenge("webhook", "hash-1", START)
        asked = blank.ask("ada", "phone", "c-1", SECRET, START)
        assert isinstance(asked, Asked)
        await uow.contacts.keep(asked.challenge)
    over = START + LIFETIME + WITHIN
    async with store.begin() as uow:
        await uow.contacts.challenge("email", "other", over - MOMENT)
        assert await uow.contacts.by_token(asked.challenge.token_hash) == asked.challenge
        await uow.contacts.challenge("email", "other", over)
        assert await uow.contacts.by_token(asked.challenge.token_hash) is None


async def test_of_two_who_ask_at_once_one_waits_and_is_too_soon(
    store: Store[NotifierUnitOfWork],
) -> None:
    async def ask(identity: str) -> object:
        async with store.begin() as uow:
            challenge = await uow.contacts.challenge("webhook", "hash-1", START)
            await asyncio.sleep(0.05)
            found = challenge.ask("ada", "phone", identity, SECRET, START)
            if isinstance(found, Asked):
                await uow.contacts.keep(found.challenge)
        return type(found)

    found = await asyncio.gather(*(ask(f"c-{number}") for number in range(3)))
    assert sorted(map(str, found)) == sorted(map(str, (Asked, TooSoon, TooSoon)))
