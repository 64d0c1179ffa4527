"""`flinktop columns`: the tables and their columns, as the config names them."""

# ruff: noqa: T201 -- this module prints

import json
from typing import Any, Final

from flinktop.column_names import TABLES, TableName, table_named
from flinktop.headless.args import DONE, ColumnsArgs

ALSO: Final = "+"  # before a column that is shown only where it is chosen
EXAMPLE: Final = ("jobs", ("state", "job", "verdict", "lag"))


def run_columns(args: ColumnsArgs) -> int:
    """Print all tables or one. Raises NotAllowed for an unknown table."""
    tables = TABLES if args.table is None else (table_named(args.table),)
    if args.json:
        print(json.dumps({"tables": [_document(table) for table in tables]}, indent=1))
        return DONE
    for table in tables:
        print("\n".join(_lines(table)), end="\n\n")
    print(f"{ALSO}  shown only where it is chosen. Columns are chosen in the config file, such as:\n")
    name, show = EXAMPLE if args.table is None else (tables[0].name, tables[0].usual)
    listed = ", ".join(f'"{column}"' for column in show)
    print(f"[columns.{name}]\nshow = [{listed}]")
    return DONE


def _lines(table: TableName) -> list[str]:
    names = max(len(column.name) for column in table.columns)
    titles = max(len(column.title) for column in table.columns)
    return [
        f"[columns.{table.name}]  {table.shows}",
        *(
            f"{' ' if column.usual else ALSO} {column.name:{names}}  {column.title:{titles}}  {column.shows}"
            for column in table.columns
        ),
    ]


def _document(table: TableName) -> dict[str, Any]:
    return {
        "table": table.name,
        "shows": table.shows,
        "columns": [
            {"name": one.name, "title": one.title, "shows": one.shows, "usual": one.usual}
            for one in table.columns
        ],
    }
