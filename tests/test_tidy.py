"""The house is tidy: our own source obeys the rules that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "regulars"
FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500
STARTED_BY_NAME = (  # imported by nobody in src: tests, tables of names and entry points find them
    "regulars.testing.contracts",
    "regulars.testing.street",
    "regulars.testing.receiver",
    "regulars.testing.sftp_server",
    "regulars.testing.demo.entries",
    "regulars.cli.verbs",
    "regulars.app.openapi",
)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        pytest.skip("not a git checkout: which files are ours cannot be asked")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def test_no_function_is_longer_than_a_comfortable_read() -> None:
    long = [
        f"{name}: {lines} lines"
        for path in tracked("src/*.py", "bench/*.py", "scripts/*.py")
        for name, lines in functions(path)
        if lines > FUNCTION_LINES_MAX
    ]
    assert not long, "\n".join(long)


def test_no_room_has_outgrown_one_file() -> None:
    large = {
        str(path.relative_to(ROOT)): lines
        for path in tracked("src/*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES_MAX
    }
    assert not large, large


IGNORES = re.compile(r"#\s*(type:\s*ignore(\[[^]]+\])?|noqa(:\s*[A-Z0-9, ]+)?|pragma:\s*no cover)(?P<rest>[^\n]*)")


def test_every_ignore_says_why_on_its_line() -> None:
    unexplained = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("src/*.py", "tests/*.py", "bench/*.py", "scripts/*.py")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := IGNORES.search(line)) and len(found["rest"].strip(" #():—-")) < 8
    ]
    assert not unexplained, "\n".join(unexplained)


SCRIPT_IGNORES = re.compile(r"(eslint-disable[\w-]*|@ts-ignore|@ts-expect-error|@ts-nocheck)(?P<rest>.*)")


def test_every_ignore_of_the_console_says_why_on_its_line() -> None:
    unexplained = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("console/*.ts", "console/*.tsx", "console/*.mjs")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := SCRIPT_IGNORES.search(line)) and len(found["rest"].strip(" */:-")) < 8
    ]
    assert not unexplained, "\n".join(unexplained)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(path: Path) -> Iterator[str]:
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*package.split(".")[: len(package.split(".")) - node.level + 1], base]).strip(".")
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
    yield from re.findall(r"regulars(?:\.\w+)+", text)  # modules started or loaded by name


def test_every_module_is_used_by_another() -> None:
    modules = {module_name(path): path for path in tracked("src/*.py")}
    used: set[str] = set()
    for name, path in modules.items():
        used |= {imported for imported in imported_names(path) if imported != name}
    dead = [
        name
        for name, path in modules.items()
        if name not in used and path.name not in {"__init__.py", "__main__.py"}
        and not name.startswith(STARTED_BY_NAME)
    ]  # fmt: skip
    assert not dead, f"No other module imports: {dead}"


def test_tests_are_not_shipped_and_every_capability_has_some() -> None:
    capabilities = [path.name for path in SOURCE.iterdir() if path.is_dir() and (path / "__init__.py").exists()]
    missing = [name for name in capabilities if not list((ROOT / "tests" / name).glob("test_*.py"))]
    assert not missing, f"No tests for: {missing}"


def test_locks_record_hashes_and_no_addresses() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert "--hash=sha256:" in text, f"{lock.name} has no hashes"
        assert not re.search(r"https?://", text), f"{lock.name} records an address"
    for package_lock in tracked("*package-lock.json"):
        assert '"resolved": "http' not in package_lock.read_text(encoding="utf-8"), f"{package_lock} records an address"


SECRETS = re.compile(r"(AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|xox[baprs]-[0-9A-Za-z-]{10,})")


def test_no_secret_lies_in_the_tree() -> None:
    for path in tracked("*.py", "*.ts", "*.tsx", "*.toml", "*.json", "*.md", "*.yml"):
        assert not SECRETS.search(path.read_text(encoding="utf-8")), path


def test_sql_lives_in_stores() -> None:
    statement = re.compile(
        r'"""\s*(SELECT|INSERT|UPDATE|DELETE|CREATE TABLE)\b|"(SELECT \w|INSERT INTO|UPDATE \w+ SET|DELETE FROM)'
    )
    allowed = re.compile(r"(store|/store/|kernel/|_store\.py|lake/|testing/)")
    strays = [
        f"{path.relative_to(ROOT)}"
        for path in tracked("src/*.py")
        if not allowed.search(str(path.relative_to(ROOT))) and statement.search(path.read_text(encoding="utf-8"))
    ]
    assert not strays, strays


CAPABILITIES = ("events", "identity", "profiles", "catalog", "experiments", "lake", "recommend", "destinations")
ROOMS_BEHIND_THE_DOOR = re.compile(
    rf"regulars\.({'|'.join(CAPABILITIES)})\.(?!core\b)\w+"  # types of a core may be named by anyone downstream
)


def test_a_capability_is_used_only_through_its_door() -> None:
    trespassing = []
    for path in tracked("src/*.py"):
        own = module_name(path).split(".")[1:2]
        if own and own[0] in {"app", "cli", "testing"}:
            continue  # the composition root knows every room, and so may what tests the shop
        for name in imported_modules(path):
            found = ROOMS_BEHIND_THE_DOOR.match(name)
            if found and [found[1]] != own:
                trespassing.append(f"{module_name(path)} imports {name}")
    assert not trespassing, "\n".join(sorted(set(trespassing)))


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
