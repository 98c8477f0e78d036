"""Gives dbt's DuckDB connection the functions and the inputs of a build.

A plugin of dbt-duckdb, imported by dbt in the build's child process only. The models reach the inputs as DuckDB
variables, so no path ever becomes part of a model, of its compiled SQL or of the command line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from pipelines.sql_functions import register
from pipelines.warehouse import name_files


class Plugin(BasePlugin):
    """What profiles.yml names; `inputs` is the path of a JSON object of file lists."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self._inputs = Path(plugin_config["inputs"])

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        register(conn)

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        name_files(cursor, self._inputs)
