from sqlalchemy import Column, Connection, Engine, Integer, MetaData, String, Table, create_engine
from sqlalchemy.dialects import postgresql

from xds_server.store.upsert import Row, put

TABLE = Table(
    "things",
    MetaData(),
    Column("place", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("text", String),
)


def _engine() -> Engine:
    engine = create_engine("sqlite://")
    TABLE.metadata.create_all(engine)
    return engine


def _found(connection: Connection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(TABLE.select().order_by(*TABLE.c))]


def _row(number: int, text: str) -> Row:
    return {"text": text, "place": "here", "number": number}


def test_a_row_replaces_the_one_with_its_keys_and_no_other() -> None:
    with _engine().begin() as connection:
        put(connection, TABLE, [_row(1, "one"), _row(2, "two")])
        put(connection, TABLE, [_row(2, "other"), _row(3, "three")])
        put(connection, TABLE, [])
        assert [row[1:] for row in _found(connection)] == [(1, "one"), (2, "other"), (3, "three")]


def test_what_is_there_can_also_stay() -> None:
    with _engine().begin() as connection:
        put(connection, TABLE, [_row(1, "one")])
        put(connection, TABLE, [_row(1, "other"), _row(2, "two")], replaces=False)
        assert [row[1:] for row in _found(connection)] == [(1, "one"), (2, "two")]


def test_a_driver_that_takes_names_is_given_them() -> None:
    class Recorded:
        dialect = postgresql.psycopg.dialect()  # type: ignore[attr-defined]

        def exec_driver_sql(self, words: str, given: list[Row]) -> None:
            self.words, self.given = words, given

    connection = Recorded()
    put(connection, TABLE, [_row(1, "one")])  # type: ignore[arg-type]
    assert "VALUES (%(text)s, %(place)s, %(number)s)" in connection.words
    assert "ON CONFLICT (place, number) DO UPDATE SET text = excluded.text" in connection.words
    assert connection.given == [_row(1, "one")]
