"""Hooks of services that many shops have: how each signs, what its deliveries tell, and one to look at. Pure."""

from __future__ import annotations

from typing import Any  # Any: a sample is JSON

import msgspec

from regulars.events.hooks.core.mapping import HookMapping, HookRule
from regulars.events.hooks.core.schemes import Scheme


class HookPreset(msgspec.Struct, frozen=True, kw_only=True):
    """How to begin with a service.

    `secret_from` tells where its secret comes from: `them` when the service makes it, `us` when we do. `sample` is an
    invented delivery in its form, `sample_headers` those that go with it.
    """

    name: str
    title: str
    secret_from: str
    scheme: Scheme
    mapping: HookMapping
    sample: dict[str, Any]  # Any: as above
    sample_headers: dict[str, str] = {}


_SHOPIFY_LINES = (
    "line_items[].{product_id: to_string(product_id), sku: sku, name: title, variant: variant_title, brand: vendor, "
    "price: to_number(price), quantity: quantity}"
)
SHOPIFY = HookPreset(
    name="shopify_orders",
    title="Shopify: order created",
    secret_from="them",  # noqa: S106 (who makes it, not what it is)
    scheme=Scheme(kind="shopify"),
    mapping=HookMapping(
        rules=[
            HookRule(
                only="header('X-Shopify-Topic') == 'orders/create'",
                event="'Order Completed'",
                email="email || contact_email",
                phone="phone",
                external_ids={"shopify_customer": "customer.id"},
                time="created_at",
                message_id="join(':', ['order', to_string(id)])",
                properties={
                    "order_id": "name",
                    "total": "to_number(total_price)",
                    "subtotal": "to_number(subtotal_price)",
                    "tax": "to_number(total_tax)",
                    "discount": "to_number(total_discounts)",
                    "currency": "currency",
                    "coupon": "discount_codes[0].code",
                    "affiliation": "source_name",
                    "products": _SHOPIFY_LINES,
                },
                traits={"first_name": "customer.first_name", "last_name": "customer.last_name"},
            )
        ]
    ),
    sample={
        "id": 6112045006123,
        "name": "#1042",
        "email": "mei@example.org",
        "phone": None,
        "created_at": "2026-09-30T18:05:12+08:00",
        "currency": "TWD",
        "source_name": "web",
        "total_price": "1290.00",
        "subtotal_price": "1290.00",
        "total_tax": "0.00",
        "total_discounts": "100.00",
        "discount_codes": [{"code": "AUTUMN", "amount": "100.00", "type": "fixed_amount"}],
        "customer": {"id": 7706412351771, "first_name": "Mei", "last_name": "Lin"},
        "line_items": [
            {"product_id": 8093344551203, "sku": "TEA-01", "title": "High mountain tea", "variant_title": "150 g",
             "vendor": "Corner", "price": "420.00", "quantity": 2},
            {"product_id": 8093344551236, "sku": "CUP-02", "title": "Cup, celadon", "variant_title": None,
             "vendor": "Corner", "price": "550.00", "quantity": 1},
        ],
    },
    sample_headers={"x-shopify-topic": "orders/create", "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"},
)  # fmt: skip

STRIPE = HookPreset(
    name="stripe_checkout",
    title="Stripe: checkout completed",
    secret_from="them",  # noqa: S106 (who makes it, not what it is)
    scheme=Scheme(kind="stripe"),
    mapping=HookMapping(
        rules=[
            HookRule(
                only="type == 'checkout.session.completed'",
                event="'Order Completed'",
                user_id="data.object.client_reference_id",
                email="data.object.customer_details.email",
                phone="data.object.customer_details.phone",
                external_ids={"stripe_customer": "data.object.customer"},
                time="created",
                message_id="id",
                properties={
                    "order_id": "data.object.id",
                    "total": "from_cents(data.object.amount_total, data.object.currency)",
                    "subtotal": "from_cents(data.object.amount_subtotal, data.object.currency)",
                    "currency": "data.object.currency",
                },
                traits={"name": "data.object.customer_details.name"},
            ),
            HookRule(
                only="type == 'charge.refunded'",
                event="'Order Refunded'",
                email="data.object.billing_details.email",
                external_ids={"stripe_customer": "data.object.customer"},
                time="created",
                message_id="id",
                properties={
                    "order_id": "data.object.payment_intent",
                    "total": "from_cents(data.object.amount_refunded, data.object.currency)",
                    "currency": "data.object.currency",
                },
            ),
        ]
    ),
    sample={
        "id": "evt_1OwXmJ2eZvKYlo2C",
        "type": "checkout.session.completed",
        "created": 1790762712,
        "data": {
            "object": {
                "id": "cs_test_a1b2",
                "client_reference_id": "mei",
                "customer": "cus_PdQx",
                "amount_subtotal": 129000,
                "amount_total": 129000,
                "currency": "twd",
                "customer_details": {"email": "mei@example.org", "name": "Mei Lin", "phone": "+886912345678"},
            }
        },
    },
)

LINE = HookPreset(
    name="line_messages",
    title="LINE: followed, unfollowed, wrote",
    secret_from="them",  # noqa: S106 (who makes it, not what it is)
    scheme=Scheme(kind="line"),
    mapping=HookMapping(
        rules=[
            HookRule(
                each="events[?type == 'follow']",
                event="'Channel Followed'",
                external_ids={"line": "source.userId"},
                time="timestamp",
                message_id="webhookEventId",
                properties={"channel": "'line'", "again": "follow.isUnblocked"},
            ),
            HookRule(
                each="events[?type == 'unfollow']",
                event="'Channel Unfollowed'",
                external_ids={"line": "source.userId"},
                time="timestamp",
                message_id="webhookEventId",
                properties={"channel": "'line'"},
            ),
            HookRule(
                each="events[?type == 'message']",
                event="'Message Received'",
                external_ids={"line": "source.userId"},
                time="timestamp",
                message_id="webhookEventId",
                properties={"channel": "'line'", "kind": "message.type", "text": "message.text"},
            ),
        ]
    ),
    sample={
        "destination": "U8e742f61d673b39c7fff3cecb7536ef0",
        "events": [
            {"type": "follow", "webhookEventId": "01FZ74A0TDDPYRVKNK77XKC3ZR", "timestamp": 1790762712000,
             "mode": "active", "follow": {"isUnblocked": False},
             "source": {"type": "user", "userId": "U4af4980629b27a1fb9d6a8be4bd1e5ba"}},
            {"type": "message", "webhookEventId": "01FZ74A0TDDPYRVKNK77XKC3ZS", "timestamp": 1790762719000,
             "mode": "active", "message": {"id": "444573844083572737", "type": "text", "text": "營業到幾點？"},
             "source": {"type": "user", "userId": "U4af4980629b27a1fb9d6a8be4bd1e5ba"}},
        ],
    },
)  # fmt: skip

MAILGUN = HookPreset(
    name="mailgun",
    title="Mailgun: bounces, complaints, opens",
    secret_from="them",  # noqa: S106 (who makes it, not what it is)
    scheme=Scheme(kind="mailgun"),
    mapping=HookMapping(
        rules=[
            HookRule(
                only="\"event-data\".event == 'failed' && \"event-data\".severity == 'permanent'",
                event="'Email Bounced'",
                email='"event-data".recipient',
                time='"event-data".timestamp',
                message_id='"event-data".id',
                properties={
                    "email_subject": '"event-data".message.headers.subject',
                    "reason": '"event-data"."delivery-status".description',
                },
            ),
            HookRule(
                only="\"event-data\".event == 'complained'",
                event="'Email Marked as Spam'",
                email='"event-data".recipient',
                time='"event-data".timestamp',
                message_id='"event-data".id',
            ),
            HookRule(
                only="\"event-data\".event == 'opened'",
                event="'Email Opened'",
                email='"event-data".recipient',
                time='"event-data".timestamp',
                message_id='"event-data".id',
            ),
        ]
    ),
    sample={
        "signature": {"timestamp": "1790762712", "token": "a1b2", "signature": "…"},
        "event-data": {
            "id": "ase7i2zsRYeDXztHGENqRA",
            "event": "failed",
            "severity": "permanent",
            "timestamp": 1790762712.5,
            "recipient": "mei@example.org",
            "delivery-status": {"code": 550, "description": "No such mailbox"},
            "message": {"headers": {"subject": "Your autumn voucher"}},
        },
    },
)

SES = HookPreset(
    name="ses_bounces",
    title="Amazon SES by SNS: bounces, complaints",
    secret_from="us",  # noqa: S106 (who makes it, not what it is)
    scheme=Scheme(kind="basic", delivery_header="x-amz-sns-message-id"),
    mapping=HookMapping(
        rules=[
            HookRule(
                each="bounce.bouncedRecipients[?body().bounce.bounceType == 'Permanent']",
                event="'Email Bounced'",
                email="emailAddress",
                time="body().bounce.timestamp",
                message_id="join(':', [body().bounce.feedbackId, emailAddress])",
                properties={"reason": "diagnosticCode"},
            ),
            HookRule(
                each="complaint.complainedRecipients",
                event="'Email Marked as Spam'",
                email="emailAddress",
                time="body().complaint.timestamp",
                message_id="join(':', [body().complaint.feedbackId, emailAddress])",
            ),
        ]
    ),
    sample={
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "feedbackId": "00000138111222aa-33322211",
            "timestamp": "2026-09-30T10:05:12.000Z",
            "bouncedRecipients": [{"emailAddress": "mei@example.org", "diagnosticCode": "550 5.1.1 user unknown"}],
        },
    },
    sample_headers={"x-amz-sns-message-id": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"},
)

GITHUB = HookPreset(
    name="github",
    title="GitHub, or whoever signs like it",
    secret_from="us",  # noqa: S106 (who makes it, not what it is)
    scheme=Scheme(kind="github"),
    mapping=HookMapping(
        rules=[
            HookRule(
                only="header('X-GitHub-Event') == 'sponsorship'",
                event="'Sponsorship Changed'",
                external_ids={"github": "sponsorship.sponsor.login"},
                time="sponsorship.created_at",
                properties={"action": "action", "tier": "sponsorship.tier.name"},
            )
        ]
    ),
    sample={
        "action": "created",
        "sponsorship": {
            "created_at": "2026-09-30T10:05:12Z",
            "sponsor": {"login": "mei"},
            "tier": {"name": "$5 a month"},
        },
    },
    sample_headers={"x-github-event": "sponsorship", "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"},
)

GENERIC = HookPreset(
    name="generic",
    title="Anything else that speaks JSON",
    secret_from="us",  # noqa: S106 (who makes it, not what it is)
    scheme=Scheme(kind="standard"),
    mapping=HookMapping(
        rules=[
            HookRule(
                event="type",
                user_id="data.user_id",
                email="data.email",
                time="timestamp",
                properties={},
                spread="data",
            )
        ]
    ),
    sample={
        "type": "Booking Made",
        "timestamp": "2026-09-30T10:05:12Z",
        "data": {"user_id": "mei", "email": "mei@example.org", "table": "by the window", "guests": 2},
    },
)

PRESETS: tuple[HookPreset, ...] = (SHOPIFY, STRIPE, LINE, MAILGUN, SES, GITHUB, GENERIC)
