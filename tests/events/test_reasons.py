"""Every reason has its code: one for each thing that is put right, and one for each that is rejected."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any  # Any: JSON

import pytest
from tests.events.test_decode import one, read

from regulars.events.reasons import CORRECTED, DUPLICATES, REASONS, REJECTED, TEMPORARY

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("sent", "codes"),
    [
        ({"userId": " ann "}, ["blanks_removed"]),
        ({"event": "Song Played "}, ["blanks_removed"]),
        ({"messageId": " m1"}, ["blanks_removed"]),
        ({"anonymousId": True}, ["identifier_not_text"]),
        ({"anonymousId": "0000"}, ["identifier_of_nobody"]),
        ({"anonymousId": None}, []),
        ({"messageId": None}, ["message_id_missing"]),
        ({"messageId": {}}, ["message_id_missing"]),
        ({"messageId": "x" * 101}, ["message_id_shortened"]),
        ({"timestamp": "yesterday"}, ["timestamp_unreadable"]),
        ({"sentAt": "now"}, ["sent_at_unreadable"]),
        ({"timestamp": "2026-11-22T10:00:00Z", "sentAt": "2026-11-22T10:00:20Z"}, ["clock_skew"]),
        ({"timestamp": "2030-01-01T00:00:00Z"}, ["future_timestamp"]),
        ({"properties": {"a": "\x00"}}, ["nul_removed"]),
        ({"properties": {"a": 2**80}}, ["number_rounded"]),
        ({"userId": "a\x00nn"}, ["nul_removed"]),
        ({"timestamp": "never", "messageId": ""}, ["timestamp_unreadable", "message_id_missing"]),
    ],
)
def test_what_is_put_right_is_told_by_its_code(sent: dict[str, Any], codes: list[str]) -> None:
    event = one(**sent)
    assert list(event.correction_codes) == codes
    assert len(event.corrections) == len(codes)


def test_what_is_put_right_in_calls_of_other_kinds_has_codes_too() -> None:
    assert one("alias", previousId="ann").correction_codes == ("alias_to_itself",)
    assert one("page", name=5).correction_codes == ("name_not_text",)
    (event,) = read({"batch": [{"type": "page", "userId": "a", "messageId": "m"}], "context": "x"}).events
    assert event.correction_codes == ("context_left_out",)


@pytest.mark.parametrize(
    ("item", "code", "at"),
    [
        ('{"type": "track", "event": "x", "userId": "a", "properties": {"p": NaN}}', "not_a_number", ""),
        ('{"type": "track", "event": "x", "userId": "a", "properties": {"p": "\\ud800"}}', "half_surrogate", ""),
        ('{"type": "track", "event": "x", "userId": "a", "properties": {"p": 1e400}}', "number_too_large", ""),
        ('{"type": "track", "event": "x", "userId": "a", "traits": []}', "not_object_part", "traits"),
        ('{"type": "track", "userId": "a"}', "event_name_missing", "event"),
        ('{"type": "track", "event": "' + "x" * 201 + '", "userId": "a"}', "event_name_too_long", "event"),
        ('{"type": "track", "event": "x"}', "no_user_anon_id", "userId"),
        ('{"type": "track", "event": "x", "userId": "' + "a" * 513 + '"}', "identifier_too_long", "userId"),
        ('{"type": "sing", "userId": "a"}', "type_missing", "type"),
        ('{"type": "group", "userId": "a"}', "group_id_missing", "groupId"),
        ('{"type": "alias", "userId": "a"}', "alias_incomplete", "previousId"),
        ('{"type": "track", "event": "x", "userId": "a", "p": "' + "x" * 33_000 + '"}', "event_too_large", ""),
        ('{"type": "page", "userId": "a", "context": {"p": ' + "[" * 64 + "]" * 64 + "}}", "too_deep", ""),
        ("5", "not_an_object", ""),
    ],
)
def test_what_is_rejected_is_told_by_its_code_and_the_field_at_fault(item: str, code: str, at: str) -> None:
    (fault,) = read(f'{{"batch": [{item}]}}').rejected
    assert (fault.code, fault.at) == (code, at)


def test_a_rejected_item_keeps_the_name_it_would_have_had() -> None:
    items = [{"type": "track", "event": "Song Played"}, {"type": "page"}, {"type": "track", "event": "x" * 300}, 5]
    assert [fault.name for fault in read({"batch": items}).rejected] == ["Song Played", "Page", "", ""]


def test_every_code_in_the_source_is_a_known_reason_and_every_known_reason_is_in_the_source() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "src" / "regulars" / "events").rglob("*.py")
        if path.name != "reasons.py"
    )
    used = set(re.findall(r'\bcode="(\w+)"', source)) | set(re.findall(r'Correction\(\s*"(\w+)"', source))
    assert used, "this test no longer finds how codes are written"
    assert used <= REASONS
    said = set(re.findall(r'"([a-z0-9_]+)"', source))
    later = {"plan_blocked", "plan_violation", "disk_full", "duplicate", "content_differs"}
    assert set(REASONS) - later <= said


def test_every_reason_stands_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "reasons.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert told == set(REASONS)


def test_no_code_means_two_outcomes() -> None:
    assert len(REASONS) == len(REJECTED) + len(CORRECTED) + len(DUPLICATES)
    assert TEMPORARY < REJECTED


@pytest.mark.parametrize("language", ["en", "zh-TW", "ja"])
def test_every_reason_has_words_in_the_console(language: str) -> None:
    words = json.loads((ROOT / "console" / "src" / "reasons" / "locales" / f"{language}.json").read_text("utf-8"))
    assert set(words["title"]) == set(words["do"]) == {*REASONS, "unknown"}
