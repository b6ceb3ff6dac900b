"""Rules of inbound webhooks: values in, values out."""
