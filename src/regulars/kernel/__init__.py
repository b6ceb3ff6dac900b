"""What every room stands on: time, names, errors, settings, storage. Knows no capability."""
