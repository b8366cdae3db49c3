"""What Slack accepts as blocks, as its reference says; anything else is `invalid_blocks`."""

from collections.abc import Iterable
from typing import Any

MAX_BLOCKS = 50
_SECTION = {"type", "text", "block_id", "fields", "accessory"}
_BUTTON = {"type", "text", "action_id", "value", "style", "confirm", "url"}
_SELECT = {"type", "action_id", "placeholder", "options", "confirm"}


class WrongError(Exception):
    """These are not blocks that Slack accepts."""


def check(blocks: Any) -> None:
    """Raise WrongError unless Slack would show these."""
    need(isinstance(blocks, list) and len(blocks) <= MAX_BLOCKS, "too many blocks, or no list")
    for block in blocks:
        need(isinstance(block, dict), "a block is an object")
        {"section": _section, "context": _context, "actions": _actions, "input": _input}.get(
            block.get("type"), _unknown
        )(block)


def need(fine: bool, why: str) -> None:
    if not fine:
        raise WrongError(why)


def _unknown(block: dict[str, Any]) -> None:
    raise WrongError(f"a block of type {block.get('type')}")


def _section(block: dict[str, Any]) -> None:
    need(set(block) <= _SECTION, f"a section has no {set(block) - _SECTION}")
    _text(block.get("text"), 3000)


def _context(block: dict[str, Any]) -> None:
    elements = block.get("elements", ())
    need(set(block) <= {"type", "elements", "block_id"}, "a context has elements only")
    need(1 <= len(elements) <= 10, "a context has 1 to 10 elements")
    for element in elements:
        _text(element, 3000)


def _actions(block: dict[str, Any]) -> None:
    elements = block.get("elements", ())
    need(set(block) <= {"type", "elements", "block_id"}, "actions have elements only")
    need(1 <= len(elements) <= 25, "actions have 1 to 25 elements")
    for element in elements:
        {"button": _button, "static_select": _select}.get(element.get("type"), _unknown)(element)
    _unique(element.get("action_id") for element in elements)


def _button(button: dict[str, Any]) -> None:
    need(set(button) <= _BUTTON, f"a button has no {set(button) - _BUTTON}")
    _plain(button.get("text"), 75)
    need(len(button.get("action_id", "")) in range(1, 256), "action_id: 1 to 255")
    need(len(button.get("value", "")) <= 2000, "value: up to 2000")
    need(button.get("style", "primary") in {"primary", "danger"}, "style: primary or danger")
    if "confirm" in button:
        _confirm(button["confirm"])


def _confirm(confirm: dict[str, Any]) -> None:
    need(set(confirm) <= {"title", "text", "confirm", "deny", "style"}, "a confirm has no more")
    for name, limit in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        _plain(confirm.get(name), limit)


def _select(select: dict[str, Any]) -> None:
    need(set(select) <= _SELECT, f"a select has no {set(select) - _SELECT}")
    need(len(select.get("action_id", "")) in range(1, 256), "action_id: 1 to 255")
    _plain(select.get("placeholder"), 150)
    options = select.get("options", ())
    need(1 <= len(options) <= 100, "1 to 100 options")
    for option in options:
        need(set(option) <= {"text", "value", "description"}, "an option has text and value")
        _plain(option.get("text"), 75)
        need(len(option.get("value", "")) in range(1, 151), "an option's value: 1 to 150")


def _input(block: dict[str, Any]) -> None:
    need(set(block) <= {"type", "block_id", "label", "element", "optional", "hint"}, "input")
    _plain(block.get("label"), 2000)
    element = block.get("element", {})
    need(element.get("type") == "plain_text_input", "an input of text")
    need(element.get("max_length", 3000) in range(1, 3001), "max_length: 1 to 3000")


def _text(text: Any, limit: int) -> None:
    need(isinstance(text, dict), "a text is an object")
    if text.get("type") == "mrkdwn":
        need(set(text) <= {"type", "text", "verbatim"}, "mrkdwn has no more")
        need(1 <= len(text.get("text", "")) <= limit, f"text: 1 to {limit}")
    else:
        _plain(text, limit)


def _plain(text: Any, limit: int) -> None:
    need(isinstance(text, dict) and text.get("type") == "plain_text", "plain_text is wanted")
    need(set(text) <= {"type", "text", "emoji"}, "plain_text has no more")
    need(isinstance(text.get("text"), str), "text: a string")
    need(1 <= len(text["text"]) <= limit, f"text: 1 to {limit}")


def _unique(names: Iterable[Any]) -> None:
    found = list(names)
    need(len(found) == len(set(found)), "action_id: each once in a block")
