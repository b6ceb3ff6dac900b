"""What every engine of a slot must keep: one suite per slot, run on each engine.

The engines themselves: SQLite needs nothing, PostgreSQL comes from `regulars.testing.postgresql`.
"""
