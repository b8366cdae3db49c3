"""Gzip of strangers: unpacked as it arrives, within a limit."""

import zlib

GZIP = 16 + zlib.MAX_WBITS  # zlib's way to say: expect a gzip header.
MAX_MEMBERS = 1_000


class TooLargeError(Exception):
    """The body, or what it unpacks to, is over the limit."""


class BrokenBodyError(Exception):
    """The body is not what its headers say."""


class Unpacking:
    """Gzip as it arrives, of one member or several; a bomb is never unpacked whole."""

    def __init__(self, limit: int) -> None:
        """Unpack to at most `limit` bytes; `taken` are the chunks as they came."""
        self._left = limit
        self._members = 1
        self._member = zlib.decompressobj(GZIP)
        self.taken: list[bytes] = []

    @property
    def is_complete(self) -> bool:
        """Whether the last member has ended."""
        return self._member.eof

    def unpacked(self, chunk: bytes) -> bytes:
        """Return what one chunk unpacks to."""
        self.taken.append(chunk)
        found = []
        while chunk:
            if self._member.eof:
                self._next_member()
            try:
                # One byte over the limit is enough to know.
                part = self._member.decompress(chunk, self._left + 1)
            except zlib.error as error:
                raise BrokenBodyError(
                    "The body is not gzip, though Content-Encoding says so."
                ) from error
            self._left -= len(part)
            if self._member.unconsumed_tail or self._left < 0:
                raise TooLargeError
            found.append(part)
            chunk = self._member.unused_data
        return b"".join(found)

    def _next_member(self) -> None:
        # What a sender joined is all meant: dropping the rest would lose alerts it was told of.
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise BrokenBodyError(f"The gzip body has more than {MAX_MEMBERS} members.")
        self._member = zlib.decompressobj(GZIP)
