"""Rules of an import: values in, values out."""
