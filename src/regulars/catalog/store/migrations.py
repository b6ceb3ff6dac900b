"""The catalogue's tables.

`search_text` is the folded text of an item (`core.searchable`), so both engines find alike: SQLite through a
trigram index kept by triggers, PostgreSQL through LIKE, with a trigram index where the server has `pg_trgm`.
"""

from __future__ import annotations

from regulars.kernel.database import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        capability="catalog",
        number=1,
        statements=(
            """
            CREATE TABLE catalog_items (
                number {serial},
                item_id TEXT NOT NULL UNIQUE,
                kind TEXT NOT NULL,
                title TEXT NOT NULL,
                attributes {json} NOT NULL,
                tags {json} NOT NULL,
                available SMALLINT NOT NULL,
                available_from_us BIGINT,
                available_until_us BIGINT,
                image TEXT,
                updated_us BIGINT NOT NULL,
                version BIGINT NOT NULL,
                search_title TEXT NOT NULL,
                search_text TEXT NOT NULL)""",
            "CREATE INDEX catalog_items_by_version ON catalog_items (version)",
            "CREATE INDEX catalog_items_by_title ON catalog_items (search_title, item_id)",
            """
            CREATE TABLE catalog_tags (
                item_id TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
                PRIMARY KEY (item_id, kind, value))""",
            "CREATE INDEX catalog_tags_by_value ON catalog_tags (kind, value, item_id)",
            """
            CREATE TABLE catalog_attributes (
                name TEXT NOT NULL PRIMARY KEY, type TEXT NOT NULL, declared SMALLINT NOT NULL)""",
            "CREATE TABLE catalog_removals (item_id TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL)",
            "CREATE TABLE catalog_version (version BIGINT NOT NULL)",
            "INSERT INTO catalog_version (version) VALUES (0)",
        ),
        sqlite=(
            """
            CREATE VIRTUAL TABLE catalog_search USING fts5(
                search_text, content='catalog_items', content_rowid='number', tokenize='trigram')""",
            """
            CREATE TRIGGER catalog_search_added AFTER INSERT ON catalog_items BEGIN
                INSERT INTO catalog_search (rowid, search_text) VALUES (new.number, new.search_text);
            END""",
            """
            CREATE TRIGGER catalog_search_removed AFTER DELETE ON catalog_items BEGIN
                INSERT INTO catalog_search (catalog_search, rowid, search_text)
                VALUES ('delete', old.number, old.search_text);
            END""",
            """
            CREATE TRIGGER catalog_search_changed AFTER UPDATE OF search_text ON catalog_items
            WHEN old.search_text <> new.search_text BEGIN
                INSERT INTO catalog_search (catalog_search, rowid, search_text)
                VALUES ('delete', old.number, old.search_text);
                INSERT INTO catalog_search (rowid, search_text) VALUES (new.number, new.search_text);
            END""",
        ),
        postgresql=(
            # A server without pg_trgm, or a role that may not add it, searches by scanning: slower, never wrong.
            """
            DO $$ BEGIN
                CREATE EXTENSION IF NOT EXISTS pg_trgm;
                CREATE INDEX catalog_items_by_trigram ON catalog_items USING gin (search_text gin_trgm_ops);
            EXCEPTION WHEN OTHERS THEN NULL;
            END $$""",
        ),
    ),
)
DERIVED_TABLES: tuple[str, ...] = ()
