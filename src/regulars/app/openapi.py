"""`python -m regulars.app.openapi`: the API's description, made from the code, without a server.

Without the examples, which a running shop shows at `/schema/openapi.json`: the console makes its types from this.
"""

from __future__ import annotations

import json
import sys
import tempfile


def description() -> str:
    """Return the API's description (OpenAPI 3.1) as text, the same at every call."""
    from regulars.app.http import describe_api
    from regulars.app.shop import open_shop

    with tempfile.TemporaryDirectory() as folder, open_shop(folder, partition="web-0") as shop:
        return json.dumps(describe_api(shop, examples=False), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(description())
