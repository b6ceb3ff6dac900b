"""What can be typed: `regulars VERB`.

Each verb lives in a file of its own under `verbs` and is imported only when it is asked for, so that `--help` answers
at once; what a verb needs from the shop it imports when it runs.
"""

from regulars.cli.main import main

__all__ = ["main"]
