"""Facts come in from other services: signed deliveries, mapped to events by small expressions."""
