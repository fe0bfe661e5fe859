#!/usr/bin/env python3
"""io_pg_standby against a PostgreSQL of its own, whose standbys do not exist."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from private_postgres import ROOT, PrivatePostgres  # noqa: E402

BUILD = os.environ.get("HEADRACE_BUILD", os.path.join(ROOT, "build"))


def main():
    postgres = PrivatePostgres()
    postgres.start()
    try:
        environment = {**os.environ,
                       "HEADRACE_PG_DSN": f"host={postgres.folder} user=postgres dbname=postgres"}
        return subprocess.run([os.path.join(BUILD, "tests", "integration", "io_pg_standby")],
                              env=environment, check=False, timeout=120).returncode
    finally:
        postgres.stop()


if __name__ == "__main__":
    sys.exit(main())
