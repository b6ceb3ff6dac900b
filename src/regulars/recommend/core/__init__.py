"""The models and rules of recommendation: values in, values out. One file per idea; nothing is imported from here."""
