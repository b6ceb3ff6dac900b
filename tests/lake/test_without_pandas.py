"""Pandas is not installed with Regulars: history must answer without it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name=name)

sys.meta_path.insert(0, Missing())
from regulars.lake import query
events = query.events()
print(query.run(events.group_by("name").agg(count=events.count()), [], []).to_pydict())
"""


def test_history_answers_where_pandas_is_not_installed() -> None:
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert said.stdout.strip() == "{'name': [], 'count': []}"
