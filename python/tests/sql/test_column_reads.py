"""The columns of other tables that a query reads, in the SQL of several warehouses."""

from collections.abc import Mapping

import pytest

from dbt_scheduler.registry.relation import Relation
from dbt_scheduler.sql.column_reads import read_columns
from dbt_scheduler.sql.sources import KnownTable

DOCUMENTED = ("shipment_id", "order_id", "carrier_id", "days", "Shipped_At")
NOT_KNOWN = None


def table(name: str, columns: tuple[str, ...] = (), *, complete: bool = True) -> KnownTable:
    return KnownTable(
        Relation("warehouse", "shipping", name),
        {each.lower(): (each,) for each in columns},
        complete=complete,
    )


TABLES = {
    "shipments": table("fct_shipments", DOCUMENTED),
    "carriers": table("dim_carriers"),
    "orders": table("orders", ("order_id", "amount"), complete=False),
}


def reads(sql: str, adapter: str = "duckdb", tables: Mapping[str, KnownTable] = TABLES) -> object:
    """What is read of the shipments; ``T`` and ``U`` stand for the two tables of another team, the second undocumented."""
    quote = "`" if adapter in ("bigquery", "databricks", "mysql") else '"'
    names = {"T": "fct_shipments", "U": "dim_carriers", "O": "orders"}
    for letter, name in names.items():
        full = ".".join(f"{quote}{part}{quote}" for part in ("warehouse", "shipping", name))
        sql = sql.replace(f"<{letter}>", full)
    return read_columns(sql, adapter, tables).get("shipments", NOT_KNOWN)


EVERY = "*"
CASES = {
    "what is selected and what is filtered by": (
        "select days from <T> where carrier_id = 1",
        ("carrier_id", "days"),
    ),
    "an alias": ("select s.days as d from <T> as s order by d", ("days",)),
    "the whole name": ("select warehouse.shipping.fct_shipments.days from <T>", ("days",)),
    "the name of the table": ("select fct_shipments.days from <T>", ("days",)),
    "a name that nobody documents": ("select weight from <T>", ("weight",)),
    "its rows are only counted": ("select count(*) from <T>", ()),
    "every column": ("select * from <T>", EVERY),
    "every column of it": ("select o.amount, s.* from <O> o join <T> s using (order_id)", EVERY),
    "every column of the other": ("select o.*, s.days from <O> o join <T> s on true", ("days",)),
    "all but one, which is named too": ("select * exclude (days) from <T>", EVERY),
    "a query of a query": ("with s as (select * from <T>) select days from s", ("days",)),
    "three of them": (
        "with a as (select * from <T>), b as (select *, days + 1 as more from a), c as (select * from b)"
        " select more, carrier_id from c",
        ("carrier_id", "days"),
    ),
    "called like the table": (
        "with fct_shipments as (select * from <T>) select fct_shipments.days from fct_shipments",
        ("days",),
    ),
    "used twice": (
        "with s as (select * from <T>) select days from s union all select carrier_id from s",
        ("carrier_id", "days"),
    ),
    "never used": (
        "with s as (select days, order_id from <T>), t as (select * from <T>) select 1",
        ("days", "order_id"),
    ),
    "all but some in a query of a query": (
        "with s as (select * exclude (days) from <T>) select order_id from s",
        ("days", "order_id"),
    ),
    "renamed in a query of a query": (
        "with s as (select * rename (days as transit) from <T>) select transit from s",
        ("days",),
    ),
    "replaced in a query of a query": (
        "with s as (select * replace (days * 24 as days) from <T>) select order_id from s",
        ("days", "order_id"),
    ),
    "distinct rows": ("with s as (select distinct * from <T>) select days from s", EVERY),
    "by place": ("with s (a, b) as (select * from <T>) select a from s", EVERY),
    "a union is by place": (
        "with s as (select * from <T> union all select * from <U>) select days from s",
        EVERY,
    ),
    "a union of columns": ("select days from <T> union all select weight from <U>", ("days",)),
    "what exists": (
        "select 1 from <O> o where exists (select * from <T> s where s.order_id = o.order_id)",
        ("order_id",),
    ),
    "a correlated subquery": (
        "select (select max(s.days) from <T> s where s.order_id = o.order_id) from <O> o",
        ("days", "order_id"),
    ),
    "a correlated subquery that says the table from outside": (
        "select (select max(amount) from <O> o where o.order_id = s.order_id and s.days > 1) from <T> s",
        ("days", "order_id"),
    ),
    "a list from a subquery": (
        "select 1 from <O> where order_id in (select order_id from <T>)",
        ("order_id",),
    ),
    "a star in a list from a subquery": ("select 1 from <O> where order_id in (select * from <T>)", EVERY),
    "a derived table": ("select x.days from (select * from <T>) as x", ("days",)),
    "two derived tables without a name": (
        "select days from (select * from <T>), (select amount from <O>)",
        ("days",),
    ),
    "joined with itself": (
        "select a.days, b.carrier_id from <T> a join <T> b on a.order_id = b.shipment_id",
        ("carrier_id", "days", "order_id", "shipment_id"),
    ),
    "a joins' common columns": ("select amount from <O> join <T> using (order_id)", ("order_id",)),
    "a natural join": ("select amount from <O> natural join <T>", EVERY),
    "in parentheses": ("select amount, days from (<O> join <T> using (order_id))", ("days", "order_id")),
    "said without a table, and documented": (
        "select days, amount from <T> join <U> using (carrier_id)",
        ("carrier_id", "days"),
    ),
    "of two documented tables": ("select amount from <T> join <O> on true", ()),
    "of the one that says nothing of its columns": ("select price from <T> join <U> on true", ()),
    "of another query whose columns are known": (
        "with o as (select order_id, weight from <U>) select weight, days from <T> join o using (order_id)",
        ("days", "order_id"),
    ),
    "the name of what is selected": (
        "select date_trunc('day', days) as day, count(*) as n from <T> group by day having n > 1 order by n",
        ("days",),
    ),
    "the name of what is selected is also a column's": (
        "select upper(order_id) as days from <T> where days > 1",
        ("days", "order_id"),
    ),
    "a whole row": ("select to_json(s) from <T> s", EVERY),
    "a column called like the table": ("select days from <T> days", ("days",)),
    "columns by a pattern": ("select columns('d.*') from <T>", EVERY),
    "a pivot": ("pivot <T> on carrier_id using sum(days)", NOT_KNOWN),
    "another order of the words": ("from <T> select days", ("days",)),
    "a window": (
        "select row_number() over (partition by order_id order by shipped_at) as n from <T> qualify n = 1",
        ("Shipped_At", "order_id"),
    ),
    "itself, again and again": (
        "with recursive r as (select order_id, days from <T> union all select order_id, days - 1 from r where days > 0)"
        " select order_id from r",
        ("days", "order_id"),
    ),
    "two statements": ("select days from <T>; select 1", NOT_KNOWN),
    "no query": ("delete from <T>", NOT_KNOWN),
    "no SQL": ("def model(dbt, session): return dbt.source('a', 'b')", NOT_KNOWN),
    "half a query": ("select days from <T> where (", NOT_KNOWN),
    "nothing": ("", NOT_KNOWN),
    "another table": ("select days from <U>", NOT_KNOWN),
    "without its schema": ("select days from fct_shipments", NOT_KNOWN),
}


@pytest.mark.parametrize(("sql", "expected"), CASES.values(), ids=CASES)
def test_a_query(sql: str, expected: object) -> None:
    assert reads(sql) == expected


WAREHOUSES = {
    "bigquery, fields of a struct": (
        "bigquery",
        "select s.carrier_id.name, days.hours, s.order_id.lines[offset(0)].sku from <T> as s",
        ("carrier_id", "days", "order_id"),
    ),
    "bigquery, all fields of a struct": (
        "bigquery",
        "select s.carrier_id.*, days.* from <T> s",
        ("carrier_id", "days"),
    ),
    "bigquery, rows of an array": (
        "bigquery",
        "select line, line.sku, days from <T> s, unnest(s.order_id) as line",
        ("days", "order_id"),
    ),
    "bigquery, a subquery of an array": (
        "bigquery",
        "select array(select l.sku from unnest(s.order_id) as l where l.sku > s.days) as skus from <T> s",
        ("days", "order_id"),
    ),
    "bigquery, a whole row": ("bigquery", "select to_json_string(s) from <T> s", EVERY),
    "bigquery, all but": (
        "bigquery",
        "with s as (select * except (days) from <T>) select order_id from s",
        ("days", "order_id"),
    ),
    "bigquery, a name of the whole table in quotes": (
        "bigquery",
        "select days from `warehouse.shipping.fct_shipments`",
        ("days",),
    ),
    "bigquery, a pivot": ("bigquery", "select * from <T> pivot (sum(days) for carrier_id in (1, 2))", EVERY),
    "bigquery, an argument that is a table": (
        "bigquery",
        "select x from ml.predict(model m.n, table <T>)",
        NOT_KNOWN,
    ),
    "bigquery, a pipe": (
        "bigquery",
        "from <T> |> where days > 1 |> select carrier_id",
        ("carrier_id", "days"),
    ),
    "bigquery, any case": ("bigquery", "select S.DAYS, `s`.`Order_ID` from <T> as s", ("days", "order_id")),
    "snowflake, any case": ("snowflake", "select S.DAYS, SHIPPED_at from <T> s", ("Shipped_At", "days")),
    "snowflake, nobody documents it": ("snowflake", 'select WEIGHT, "Weight" from <T>', ("Weight", "weight")),
    "snowflake, flattened": (
        "snowflake",
        "select f.value:sku::string, value, days from <T> s, lateral flatten(input => s.order_id) f",
        ("days", "order_id"),
    ),
    "snowflake, a path in a variant": (
        "snowflake",
        "select order_id:lines[0].sku::string from <T>",
        ("order_id",),
    ),
    "snowflake, an object of a row": ("snowflake", "select object_construct(*) from <T>", EVERY),
    "snowflake, a table called like its column": ("snowflake", "select days from <T> days", ("days",)),
    "snowflake, by place": ("snowflake", "select $1 from <T>", EVERY),
    "postgres, in quotes": ("postgres", 'select "days", DAYS as "Days" from <T>', ("days",)),
    "postgres, a row": ("postgres", "select row_to_json(s) from <T> s", EVERY),
    "postgres, one row of each": (
        "postgres",
        "select distinct on (order_id) days from <T> order by order_id",
        ("days", "order_id"),
    ),
    "postgres, a lateral join": (
        "postgres",
        "select l.amount from <T> s cross join lateral (select o.amount from <O> o where o.order_id = s.days) l",
        ("days",),
    ),
    "redshift": (
        "redshift",
        "select days::int from <T> where shipped_at > dateadd(day, -1, getdate())",
        ("Shipped_At", "days"),
    ),
    "databricks, exploded": (
        "databricks",
        "select item.sku, days from <T> s lateral view explode(s.order_id) x as item",
        ("days", "order_id"),
    ),
    "spark, a semi join": (
        "spark",
        "select o.* from <O> o left semi join <T> s on o.order_id = s.order_id",
        ("order_id",),
    ),
    "sqlserver": ("sqlserver", "select top 3 [days] from <T> with (nolock)", ("days",)),
    "trino": (
        "trino",
        "select x.days from <T> as x cross join unnest(x.order_id) as u (line) where line > 1",
        ("days", "order_id"),
    ),
    "mysql": ("mysql", "select x.Days from (select DAYS from <T>) x", ("days",)),
    "clickhouse": (
        "clickhouse",
        "select days from <T> final array join order_id as line",
        ("days", "order_id"),
    ),
    "an adapter that nobody knows": ("excel", "select days from <T>", NOT_KNOWN),
}


@pytest.mark.parametrize(("adapter", "sql", "expected"), WAREHOUSES.values(), ids=WAREHOUSES)
def test_a_query_of_a_warehouse(adapter: str, sql: str, expected: object) -> None:
    assert reads(sql, adapter) == expected


def test_without_documented_columns_a_column_of_two_tables_is_unknown() -> None:
    undocumented = {**TABLES, "shipments": table("fct_shipments")}
    joined = "from <T> s join <U> c on s.carrier_id = c.carrier_id"
    assert reads(f"select s.days {joined}", tables=undocumented) == ("carrier_id", "days")
    assert reads(f"select weight {joined}", tables=undocumented) is NOT_KNOWN
    assert reads("select amount from <T> join <O> on true", tables=undocumented) == ()
    through = (
        "with s as (select * from <T>), c as (select * from <U>) select weight from s join c on s.a = c.b"
    )
    assert reads(through, tables=undocumented) is NOT_KNOWN
    inner = "select (select max(amount) from <U> where weight > 1) from <T>"
    assert reads(inner, tables=undocumented) is NOT_KNOWN


def test_names_that_differ_by_case_alone() -> None:
    both = KnownTable(TABLES["shipments"].relation, {"id": ("Id", "id")}, complete=True)
    tables = {"shipments": both}
    assert reads('select "Id" from <T>', "postgres", tables) == ("Id",)
    assert reads("select id from <T>", "postgres", tables) == ("Id", "id")


def test_tables_of_the_same_name_in_two_schemas() -> None:
    other = KnownTable(Relation("warehouse", "archive", "fct_shipments"), {"days": ("days",)}, complete=True)
    tables = {**TABLES, "archive": other}
    both = 'from <T> join "warehouse"."archive"."fct_shipments" on true'
    sql = f"select shipping.fct_shipments.days, archive.fct_shipments.weight {both}"
    assert reads(sql, tables=tables) == ("days",)


HOSTILE = {
    "5 MB": "select " + ", ".join(f"days as d{n}" for n in range(400_000)) + " from <T>",
    "nested without end": "select " + "(" * 100_000 + "days",
    "nested queries": "select * from " + "(select * from " * 2_000 + "<T>" + ")" * 2_000,
    "not not": "select " + "not " * 50_000 + "days from <T>",
    "cases in cases": "select " + "case when " * 3_000 + "days" + " then 1 end" * 3_000 + " from <T>",
    "comments that are not closed": "/*" * 100_000,
    "quotes that are not closed": "select '" * 50_001,
    "no text": "\x00\ud800" * 1_000,
    "templates": "select {{ days }} from {% if x %} <T>",
}


@pytest.mark.parametrize("sql", HOSTILE.values(), ids=HOSTILE)
def test_sql_that_is_too_much(sql: str) -> None:
    assert reads(sql) is NOT_KNOWN


def test_long_sql_is_read() -> None:
    queries = ", ".join(f"q{n} as (select * from q{n - 1})" for n in range(1, 100))
    assert reads(f"with q0 as (select * from <T>), {queries} select days from q99") == ("days",)
    union = " union all ".join(f"select days + {n} from <T>" for n in range(1_000))
    assert reads(union) == ("days",)
    assert reads("select days" + " + days" * 10_000 + " from <T>") == ("days",)
