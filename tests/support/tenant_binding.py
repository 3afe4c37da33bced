"""Checks that a statement can be routed to the one tenant that it is about.

A distributed SQL engine keeps the rows of a tenant together. It refuses to change or
lock rows unless the text of the statement says which tenant they belong to: each table
needs a condition `tenant_id = :parameter` of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp

from coupon_core.persistence.tables import ALL_TABLES, ApiKeyTable, ClientKeyTable

# Looked up by the hash of a key, before the tenant is known; each node has a copy.
REFERENCE_TABLES = (ApiKeyTable, ClientKeyTable)
DISTRIBUTED_TABLES = {
    table._meta.table_name
    for table in ALL_TABLES
    if table not in REFERENCE_TABLES and "tenant_id" in table._meta.fields
}
QUERIES = (exp.Select, exp.Update, exp.Delete, exp.Insert)


@dataclass(frozen=True, slots=True)
class Binding:
    """Whether a statement changes or locks rows, and its tables without a tenant."""

    changes_or_locks: bool
    unbound_tables: tuple[str, ...]


@cache
def analyze(sql: str, dialect: str = "postgres") -> Binding:
    """Return which tables of a statement have no tenant given by a parameter.

    Raises:
        ValueError: The text is no statement that this module knows.
    """
    named = re.sub(r"%\((\w+)\)s|%s|\?", lambda found: f":{found[1] or 'value'}", sql)
    tree = sqlglot.parse_one(named, dialect=dialect)
    if not isinstance(tree, (*QUERIES, exp.SetOperation)):
        raise ValueError(f"Unexpected kind of statement: {sql}")
    unbound = [t.sql() for t in _list_distributed_tables(tree) if not _is_bound(t)]
    changes = tree.find(exp.Insert, exp.Update, exp.Delete, exp.Lock) is not None
    return Binding(changes, tuple(unbound))


def _list_distributed_tables(tree: exp.Expression) -> Iterator[exp.Table]:
    return (
        table for table in tree.find_all(exp.Table) if table.name in DISTRIBUTED_TABLES
    )


def _is_bound(table: exp.Table) -> bool:
    query = table.find_ancestor(*QUERIES)
    if isinstance(query, exp.Insert):
        return _inserts_one_tenant(query)
    tables = [
        other
        for other in query.find_all(exp.Table)
        if other.find_ancestor(*QUERIES) is query
    ]
    # A column without the name of its table belongs to the only one.
    names = {table.alias_or_name} | ({""} if len(tables) == 1 else set())
    where = query.args.get("where")
    joins = query.args.get("joins") or ()
    conditions = [where and where.this, *(join.args.get("on") for join in joins)]
    return any(
        column.name == "tenant_id" and column.table in names
        for condition in conditions
        for column in _list_columns_equal_to_parameters(condition)
    )


def _list_columns_equal_to_parameters(
    condition: exp.Expression | None,
) -> Iterator[exp.Column]:
    condition = condition and condition.unnest()
    if isinstance(condition, exp.And):
        yield from _list_columns_equal_to_parameters(condition.left)
        yield from _list_columns_equal_to_parameters(condition.right)
    elif isinstance(condition, exp.EQ) and _is_parameter(condition.right):
        yield from (c for c in [condition.left] if isinstance(c, exp.Column))


def _is_parameter(value: exp.Expression) -> bool:
    return isinstance(value.unalias().unnest(), exp.Placeholder)


def _inserts_one_tenant(insert: exp.Insert) -> bool:
    """Return True if the tenant of all rows is a parameter.

    A column counts as well, because the table that it is read from has to be bound.
    """
    names = [column.name for column in insert.this.expressions]
    position, source = names.index("tenant_id"), insert.expression
    if isinstance(source, exp.Values):
        tenants = [row.expressions[position] for row in source.expressions]
        return all(map(_is_parameter, tenants))
    value = source.selects[position].unalias()
    return _is_parameter(value) or (
        isinstance(value, exp.Column) and value.name == "tenant_id"
    )
