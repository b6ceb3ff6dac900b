"""Engine zero in memory: what training left (an artifact, memory-mapped) and every event since (counted live)."""
