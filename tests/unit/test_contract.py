# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must stay true of the collection as a whole: documents tell what the code does, everything has a test,
code for the hosts runs on old Python, and data flows one way."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from ansible_collections.dotmobi.systemd_timers.plugins.doc_fragments.attributes import ModuleDocFragment
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.options import ARGUMENT_SPEC
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._proof.verify import parse_directives
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd import calendar
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.check.field import check_field
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.conditions import CONDITIONS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.fields import FIELDS, KIND_WORDS, SYNONYMS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.hardening import HARDENING
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._declare.limits import LIMITS

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
ROLE = ROOT / "roles" / "timer"
COLLECTION = "dotmobi.systemd_timers"
NAMESPACE = f"ansible_collections.{COLLECTION}.plugins."
TARGET_PYTHON = (3, 8)

JOB_LISTS = ("timer_jobs", "timer_group_jobs", "timer_host_jobs")
# How a kind of field is typed in the documents: `raw` where a text or a list will do.
DOCUMENTED_TYPES = {
    "text": "str",
    "texts": "raw",
    "path": "str",
    "span": "str",
    "duration": "raw",
    "token": "raw",
    "retries": "raw",
    "notice": "dict",
    "heartbeat": "raw",
    "concurrency": "raw",
    "zone": "str",
    "user": "str",
    "bool": "bool",
    "choice": "str",
    "name": "str",
    "names": "raw",
    "command": "raw",
    "commands": "list",
    "environment": "dict",
    "directives": "dict",
    "script": "dict",
    "environment_file": "raw",
    "credentials": "dict",
    "codes": "raw",
    "variables": "raw",
    "spread": "str",
    "limits": "dict",
    "conditions": "dict",
    "directories": "raw",
    "paths": "raw",
}

# The rooms of the code, and which others each may import, or which of their files.
# Within a room anything goes that makes no circle.
TEXTS = {"_syntax", "_job", "_finding"}
HOST_DOORS = {
    # Pure: how the texts of systemd and cron read; what a job of this collection is; what is wrong with one.
    "_syntax": set(),
    "_job": {"_syntax"},
    "_finding": {"_syntax", "_job"},
    # Asks systemd: the only room that starts programs.
    "_systemd": {"_syntax"},
    "_state": {"_systemd"},
    "_observe": {"_syntax", "_job", "_systemd", "_state"},
    "_managers": TEXTS | {"_systemd", "_state", "_observe"},
    # Proof and plan get what was observed as a value, and are apart from each other.
    "_proof": TEXTS | {"_systemd", "_state", "_observe"},
    "_plan": TEXTS | {"_systemd.model", "_observe.model"},
    "_apply": TEXTS | {"_systemd", "_state", "_observe", "_plan"},
    "_converge": TEXTS | {"_systemd", "_state", "_observe", "_managers", "_proof", "_plan", "_apply"},
    "_operate": TEXTS | {"_systemd", "_state", "_observe", "_managers", "_proof", "_apply", "_converge"},
}
CONTROLLER_DOORS = {
    "_text": set(),
    "_declare": {"_text"},
    "_render": {"_text", "_declare"},
    "_report": {"_text"},
}
# What the plugins of the controller may import as well: the proof without a host runs there.
OFFLINE = {"_proof.offline", "_systemd.runner"}


# --- reading


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def modules_of(folder: str) -> list[Path]:
    return sorted((PLUGINS / folder).rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def constant(path: Path, name: str) -> str:
    """The text that a plugin file assigns to a name such as DOCUMENTATION."""
    for node in tree_of(path).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == [name]:
            return ast.literal_eval(node.value)
    raise AssertionError(f"{path}: no {name}")


def imports_of(path: Path) -> Iterator[str]:
    """Full names of all that a file imports, wherever in the file it does."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            for name in node.names:
                yield f"{node.module}.{name.name}"


def module_name(path: Path) -> str:
    """The name of a file below its folder of plugins/, as an import has it: `_room.file`."""
    return ".".join(path.relative_to(PLUGINS).with_suffix("").parts[1:])


def own_imports(path: Path, folder: str) -> set[str]:
    """Which files of plugins/FOLDER a file imports, by name."""
    prefix = f"{NAMESPACE}{folder}."
    known = {module_name(one) for one in modules_of(folder)}
    found = set()
    for name in imports_of(path):
        if name.startswith(prefix):
            # What stands last is a file, or something in one.
            imported = name[len(prefix) :]
            found.add(imported if imported in known else imported.rpartition(".")[0])
    assert found <= known, f"{path}: imports {sorted(found - known)}, which are no files"
    return found


def file_id(value: object) -> str | None:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else None


def facts_of(option: dict[str, Any]) -> dict[str, Any]:
    """What a document says of an option besides words; an empty path is none."""
    return {
        "type": option.get("type", "str"),
        "default": None if option.get("default") == "" else option.get("default"),
        "choices": list(option.get("choices") or []),
        "required": option.get("required", False),
    }


@pytest.fixture(scope="module")
def module_options() -> dict[str, Any]:
    return yaml.safe_load(constant(PLUGINS / "modules" / "timer_jobs.py", "DOCUMENTATION"))["options"]


@pytest.fixture(scope="module")
def role_options() -> dict[str, Any]:
    return load(ROLE / "meta" / "argument_specs.yml")["argument_specs"]["variables"]["options"]


# --- documents tell what the code does


def test_the_module_documents_its_options(module_options):
    documented = {name: facts_of(option) for name, option in module_options.items()}
    assert documented == {name: facts_of(option) for name, option in ARGUMENT_SPEC.items()}


def test_the_module_documents_every_field_of_a_job(module_options):
    documented = {name: facts_of(option) for name, option in module_options["jobs"]["suboptions"].items()}
    assert documented == {
        name: {
            "type": DOCUMENTED_TYPES[field.kind],
            "default": field.default,
            "choices": list(field.choices),
            "required": name == "name",
        }
        for name, field in FIELDS.items()
    }


def test_the_role_documents_the_options_of_the_module(role_options):
    documented = {name: facts_of(option) for name, option in role_options.items()}
    assert documented == {f"timer_{name}": facts_of(option) for name, option in ARGUMENT_SPEC.items()}


def test_the_role_documents_the_fields_once_in_the_words_of_the_module(role_options, module_options):
    assert role_options["timer_jobs"]["options"] == module_options["jobs"]["suboptions"]
    assert [name for name, option in role_options.items() if "options" in option] == ["timer_jobs"]


def test_ansible_does_not_template_the_variables_of_the_role_before_its_task():
    """It would stop at the first broken template, and say neither in which job nor what else is wrong."""
    assert "main" not in load(ROLE / "meta" / "argument_specs.yml")["argument_specs"]


def test_jobs_are_not_checked_by_ansible_which_could_not_name_the_job_at_fault(role_options):
    assert {role_options[name]["type"] for name in [*JOB_LISTS, "timer_defaults"]} == {"raw"}


def test_the_defaults_of_the_role_are_the_documented_ones(role_options):
    documented = {name: option.get("default") for name, option in role_options.items()}
    assert load(ROLE / "defaults" / "main.yml") == documented


def test_the_role_hands_every_variable_to_the_module(role_options):
    (task,) = (task for task in load(ROLE / "tasks" / "main.yml") if f"{COLLECTION}.timer_jobs" in task)
    # Raw ones are taken from the variables, see plugin_utils/_declare/variables.py.
    named = [name for name, option in role_options.items() if option["type"] != "raw"]
    assert [*JOB_LISTS, "timer_defaults"] == [name for name in role_options if name not in named]
    expected = {name.removeprefix("timer_"): f"{{{{ {name} }}}}" for name in named}
    expected["prune_limit"] = "{{ omit if timer_prune_limit in [none, ''] else timer_prune_limit }}"
    assert task[f"{COLLECTION}.timer_jobs"] == expected
    assert task["vars"] == {"__timer_from_variables": True}


def test_the_page_of_fields_lists_every_field_in_order():
    page = (ROOT / "docs" / "fields.md").read_text().partition("<!-- end of table -->")[0]
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(FIELDS)


@pytest.mark.parametrize(("name", "field"), FIELDS.items())
def test_the_page_of_fields_says_what_a_field_becomes_and_has_an_example_that_is_right(name, field):
    assert field.becomes
    assert field.choices or field.kind in KIND_WORDS
    check_field(name, yaml.safe_load(field.example))


@pytest.mark.parametrize(("name", "limit"), LIMITS.items())
def test_the_examples_of_limits_are_right(name, limit):
    value = yaml.safe_load(limit.example)
    assert check_field("limits", {name: value}) == {name: str(value)}


@pytest.mark.parametrize(("name", "condition"), CONDITIONS.items())
def test_the_examples_of_conditions_are_right(name, condition):
    assert name in check_field("conditions", {name: yaml.safe_load(condition.example)})


def test_the_words_of_the_documents_name_every_limit_condition_and_preset(module_options):
    fields = module_options["jobs"]["suboptions"]
    assert [name for name in LIMITS if f"C({name})" not in "".join(fields["limits"]["description"])] == []
    directives = [limit.directive for limit in LIMITS.values()]
    assert [name for name in directives if f"C({name}=)" not in "".join(fields["limits"]["description"])] == []
    assert [name for name in CONDITIONS if f"C({name})" not in "".join(fields["conditions"]["description"])] == []


def test_presets_are_made_of_directives_that_the_oldest_systemd_knows_and_every_service_takes():
    known = parse_directives(
        yaml.safe_load((ROOT / "tests/unit/fixtures/systemd-247/pid1-directives.yml").read_text())["stdout"]
    )["Service"]
    assert [name for name in HARDENING if name not in known] == []
    assert [name for name, found in HARDENING.items() if not found.strict] == []


@pytest.mark.parametrize("page", [ROLE / "README.md", ROOT / "README.md"], ids=file_id)
def test_the_pages_list_every_variable_in_order(page, role_options):
    assert re.findall(r"^\| `(timer_\w+)` \|", page.read_text(), re.MULTILINE) == list(role_options)


def test_examples_use_known_options_and_fields():
    tasks = yaml.safe_load(constant(PLUGINS / "modules" / "timer_jobs.py", "EXAMPLES"))
    used = [task[f"{COLLECTION}.timer_jobs"] for task in tasks]
    assert {name for options in used for name in options} <= set(ARGUMENT_SPEC)
    assert {name for options in used for job in options["jobs"] for name in job} <= set(FIELDS)


def test_what_people_write_by_habit_leads_to_a_field_and_is_none_itself():
    assert set(SYNONYMS.values()) <= set(FIELDS)
    assert not set(SYNONYMS) & set(FIELDS)


def test_both_modules_need_the_same_systemd_and_the_documents_say_which():
    needed = f"systemd {calendar.OLDEST_VERSION} or newer"
    for name in ("timer_jobs", "calendar"):
        documentation = yaml.safe_load(constant(PLUGINS / "modules" / f"{name}.py", "DOCUMENTATION"))
        assert any(needed in line for line in documentation["requirements"])


def test_the_collection_needs_ansible_core_alone():
    assert not load(ROOT / "galaxy.yml").get("dependencies")
    assert not load(ROLE / "meta" / "main.yml").get("dependencies")


def test_role_and_collection_need_the_same_ansible():
    oldest = load(ROLE / "meta" / "main.yml")["galaxy_info"]["min_ansible_version"]
    assert load(ROOT / "meta" / "runtime.yml")["requires_ansible"] == f">={oldest}.0"


def test_the_group_for_module_defaults_has_every_module_of_jobs_and_each_says_so():
    modules = sorted(path.stem for path in modules_of("modules") if path.stem.startswith("timer_job"))
    assert load(ROOT / "meta" / "runtime.yml")["action_groups"] == {"timer": modules}
    for name in modules:
        documentation = yaml.safe_load(constant(PLUGINS / "modules" / f"{name}.py", "DOCUMENTATION"))
        assert f"{COLLECTION}.attributes.action_group" in documentation["extends_documentation_fragment"]
    fragment = yaml.safe_load(ModuleDocFragment.ACTION_GROUP)
    assert fragment["attributes"]["action_group"]["membership"] == [f"{COLLECTION}.timer"]


def test_pages_made_from_the_code_are_up_to_date():
    spec = importlib.util.spec_from_file_location("pages", ROOT / "tools" / "pages.py")
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    old = [path for path, text in pages.PAGES.items() if (ROOT / path).read_text() != text()]
    assert old == [], "run .venv/bin/python tools/pages.py"


# What users read has the field's words. To the left what is not to be there, to the right what to write.
WORDS = {
    r"mend|mends|mended": "fix, correct",
    r"by hand": "manually",
    r"told|tells? of": "notified, reported, shown",
    r"made up for|makes? up for": "caught up (systemd.timer(5))",
    r"gone by": "passed",
    r"cut off": "interrupted",
    r"folders?": "directory",
    r"side by side": "in parallel",
    r"stands? beside": "companion, helper",
}


def texts_for_users() -> Iterator[tuple[str, str]]:
    """Pages, what ansible-doc shows, and what stands at the head of playbooks."""
    own = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROLE / "README.md", ROLE / "meta" / "argument_specs.yml"]
    for path in [*own, *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "playbooks").rglob("*.yml"))]:
        yield str(file_id(path)), path.read_text()
    for path in [*modules_of("modules"), *modules_of("filter")]:
        for name in ("DOCUMENTATION", "EXAMPLES", "RETURN"):
            with contextlib.suppress(AssertionError):
                yield f"{file_id(path)}, {name}", constant(path, name)


@pytest.mark.parametrize("words", WORDS)
def test_what_users_read_has_the_words_of_the_field(words):
    # Neither commands and names, nor what programs print.
    code = re.compile(r"^ *```.*?^ *```|`[^`\n]*`|^ [^\n]*\{\{[^\n]*$", re.DOTALL | re.MULTILINE)
    found = [
        (place, one.group())
        for place, text in texts_for_users()
        if "comparison" not in place
        for one in re.finditer(rf"\b(?:{words})\b", code.sub("", text))
    ]
    assert found == [], f"write: {WORDS[words]}"


def test_links_in_the_documents_lead_somewhere():
    pages = [ROOT / "README.md", ROLE / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())]
    own = [(page, link) for page, link in links if not urlsplit(link).scheme]
    assert own
    assert [(file_id(page), link) for page, link in own if not (page.parent / link).exists()] == []


# --- everything has a test


def texts_of_tests() -> dict[Path, str]:
    """Unit tests and scenarios, less this file: it names what it wants to find."""
    found = [*(ROOT / "tests" / "unit").rglob("test_*.py"), *(ROOT / "molecule").rglob("*")]
    return {
        path: path.read_text()
        for path in found
        if path.suffix in (".py", ".yml", ".yaml", ".j2") and path != Path(__file__).resolve()
    }


def names_playbook(text: str, stem: str) -> bool:
    ways = (rf"playbooks/{stem}\.yml", rf"playbook=.{stem}\b", rf"{re.escape(COLLECTION)}\.{stem}\b")
    # Or typed as printed.
    return bool(re.search(rf"(?:{'|'.join(ways)}|\"{stem} -e job=JOB)", text))


def exercised() -> str:
    """The text of tests and scenarios, and of the playbooks and roles that they run."""
    text = "\n".join(texts_of_tests().values())
    if re.search(r"/site\.yml\b", text):
        text += (ROOT / "site.yml").read_text()
    for playbook in sorted((ROOT / "playbooks").glob("*.yml")):
        if names_playbook(text, playbook.stem):
            text += playbook.read_text()
    for role in sorted((ROOT / "roles").iterdir()):
        if f"{COLLECTION}.{role.name}\n" in text:
            text += "\n".join(path.read_text() for path in (role / "tasks").rglob("*.yml"))
    return text


@pytest.mark.parametrize(
    "plugin",
    [path for folder in ("action", "callback", "filter", "modules") for path in modules_of(folder)],
    ids=file_id,
)
def test_every_plugin_has_a_unit_test_or_is_used_in_a_scenario(plugin):
    name = plugin.stem
    has_unit_test = (ROOT / "tests" / "unit" / "plugins" / plugin.parent.name / f"test_{name}.py").exists()
    assert has_unit_test or re.search(rf"{re.escape(COLLECTION)}\.{name}\b", exercised())


def test_every_private_file_is_used():
    reached: set[Path] = set()
    left = [path for folder in ("action", "callback", "filter", "modules") for path in modules_of(folder)]
    while left:
        path = left.pop()
        for folder in ("module_utils", "plugin_utils"):
            for name in own_imports(path, folder):
                used = PLUGINS / folder / f"{name.replace('.', '/')}.py"
                if used not in reached:
                    reached.add(used)
                    left.append(used)
    assert reached == {path for folder in ("module_utils", "plugin_utils") for path in modules_of(folder)}


@pytest.mark.parametrize("scenario", sorted((ROOT / "molecule").glob("*/molecule.yml")), ids=file_id)
def test_every_scenario_has_tests(scenario):
    texts = [path.read_text() for path in scenario.parent.rglob("test_*.py")]
    assert any(re.search(r"^def test_", text, re.MULTILINE) for text in texts)


@pytest.mark.parametrize("playbook", sorted((ROOT / "playbooks").glob("*.yml")), ids=file_id)
def test_every_playbook_is_used_by_a_test(playbook):
    text = "\n".join(texts_of_tests().values())
    if re.search(r"/site\.yml\b", text):
        text += (ROOT / "site.yml").read_text()
    assert names_playbook(text, playbook.stem)


# --- code for the hosts

# They are deployed with a job, and find each other in its folder.
PROGRAMS = sorted((ROLE / "files").glob("*.py"))
TARGET_CODE = [*modules_of("module_utils"), *modules_of("modules"), *PROGRAMS]


@pytest.mark.parametrize("path", TARGET_CODE, ids=file_id)
def test_target_code_is_the_syntax_of_old_python(path):
    ast.parse(path.read_text(), str(path), feature_version=TARGET_PYTHON)
    assert "from __future__ import annotations" in path.read_text()


def evaluated(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but annotations, which `from __future__ import annotations` keeps from being evaluated."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST):
                yield node
                yield from evaluated(node)


@pytest.mark.parametrize("path", TARGET_CODE, ids=file_id)
def test_target_code_calls_nothing_that_old_python_lacks(path):
    newer = []
    for node in evaluated(tree_of(path)):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            # list[str] outside an annotation: 3.9
            newer += [node.value.id] * (node.value.id in ("dict", "frozenset", "list", "set", "tuple", "type"))
        if isinstance(node, ast.Attribute):
            newer += [node.attr] * (node.attr in ("removeprefix", "removesuffix", "is_relative_to"))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "zip":
            newer += [f"zip({word.arg}=)" for word in node.keywords]
    assert newer == []


@pytest.mark.parametrize("path", modules_of("module_utils"), ids=file_id)
def test_module_utils_need_the_standard_library_alone(path):
    for name in imports_of(path):
        known = name.startswith(("ansible.module_utils.", f"{NAMESPACE}module_utils."))
        assert known or name.split(".")[0] in sys.stdlib_module_names, name


@pytest.mark.parametrize("path", PROGRAMS, ids=file_id)
def test_programs_need_the_standard_library_and_each_other_alone(path):
    known = {*sys.stdlib_module_names, *(program.stem for program in PROGRAMS)}
    assert {name.split(".")[0] for name in imports_of(path)} <= known


@pytest.mark.parametrize("path", modules_of("modules"), ids=file_id)
def test_modules_import_no_code_of_the_controller(path):
    ours = [name for name in imports_of(path) if name.startswith(NAMESPACE)]
    assert all(name.startswith(f"{NAMESPACE}module_utils.") for name in ours)


# --- data flows one way


@pytest.mark.parametrize(("folder", "fewest"), [("module_utils", 90), ("plugin_utils", 45), ("modules", 8)])
def test_the_files_are_found(folder, fewest):
    """Each check that goes from file to file would pass on none."""
    assert len(modules_of(folder)) >= fewest


@pytest.mark.parametrize("folder", ["module_utils", "plugin_utils"])
def test_utils_are_private(folder):
    assert [path.name for path in modules_of(folder) if not module_name(path).startswith("_")] == []


def room_of(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("folder", ["module_utils", "plugin_utils"])
def test_every_file_is_in_a_room(folder):
    doors = HOST_DOORS if folder == "module_utils" else CONTROLLER_DOORS
    assert {room_of(module_name(path)) for path in modules_of(folder)} == set(doors)


def through_closed_doors(path: Path, folder: str, doors: set[str]) -> set[str]:
    """What a file imports from plugins/FOLDER outside its own room and the rooms that are open to it."""
    return {name for name in own_imports(path, folder) if room_of(name) not in doors and name not in doors}


@pytest.mark.parametrize("path", modules_of("module_utils"), ids=file_id)
def test_code_of_the_host_goes_through_open_doors(path):
    room = room_of(module_name(path))
    assert through_closed_doors(path, "module_utils", {room, *HOST_DOORS[room]}) == set()


@pytest.mark.parametrize("path", modules_of("plugin_utils"), ids=file_id)
def test_code_of_the_controller_goes_through_open_doors(path):
    room = room_of(module_name(path))
    assert through_closed_doors(path, "plugin_utils", {room, *CONTROLLER_DOORS[room]}) == set()
    assert through_closed_doors(path, "module_utils", TEXTS) == set()


@pytest.mark.parametrize(
    "path", [path for folder in ("action", "callback", "filter") for path in modules_of(folder)], ids=file_id
)
def test_plugins_of_the_controller_go_through_open_doors(path):
    assert through_closed_doors(path, "module_utils", TEXTS | OFFLINE) == set()


def without_the_ready(needs: dict[str, set[str]]) -> dict[str, set[str]]:
    """Take away what needs nothing that is left."""
    return {name: needed & set(needs) for name, needed in needs.items() if needed & set(needs)}


@pytest.mark.parametrize("folder", ["module_utils", "plugin_utils"])
def test_imports_have_no_circle(folder):
    left = {module_name(path): own_imports(path, folder) for path in modules_of(folder)}
    while left:
        fewer = without_the_ready(left)
        assert len(fewer) < len(left), f"a circle among {sorted(left)}"
        left = fewer


def test_the_way_back_knows_nothing_of_goals():
    assert not {room_of(name) for name in own_imports(PLUGINS / "module_utils/_apply/undo.py", "module_utils")} & {
        "_plan"
    }


@pytest.mark.parametrize("path", [*modules_of("module_utils"), *modules_of("plugin_utils")], ids=file_id)
def test_utils_do_not_call_back_up(path):
    upper = tuple(f"{NAMESPACE}{folder}" for folder in ("action", "filter", "modules"))
    assert [name for name in imports_of(path) if name.startswith(upper)] == []


@pytest.mark.parametrize("path", modules_of("module_utils"), ids=file_id)
def test_only_the_runner_starts_programs(path):
    uses = {name.split(".")[0] for name in imports_of(path)}
    assert "subprocess" not in uses or module_name(path) == "_systemd.runner"


@pytest.mark.parametrize("path", modules_of("module_utils/_plan"), ids=file_id)
def test_the_plan_is_pure(path):
    """It may put paths together; it reads no file, no clock and starts no program."""
    used = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("os", "time")
    }
    assert used <= {"os.path"}


# --- nothing of the machine that it was written on


def own_files() -> list[Path]:
    """Files of the working tree, less caches and what tools put there."""
    passed = {".git", ".cache", ".venv", ".ansible", "__pycache__", "output"}
    passed |= {".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in passed]
        found += [Path(folder, name) for name in names if not name.endswith((".pyc", ".tar.gz"))]
    return found


def local_names() -> set[str]:
    """What only this machine knows: where the checkout and the home are, its package index and proxies."""
    names = {str(path) for path in (ROOT, Path.home()) if len(path.parts) > 2}
    for key, value in os.environ.items():
        if key.lower().endswith(("index_url", "_proxy", "default_index")):
            names.add(urlsplit(value).hostname or "")
    return names - {"", "localhost", "127.0.0.1", "pypi.org"}


def test_no_file_names_the_machine_it_was_written_on():
    files = own_files()
    assert Path(__file__).resolve() in files
    found = [(file_id(path), name) for path in files for name in local_names() if name.encode() in path.read_bytes()]
    assert found == []


# --- every way of a text to a unit file

# Files that put a value behind a key of a unit file, and what keeps the value on its line.
WRITERS = {
    "_operate.change.change_request": "one_line() takes the schedule, check_edit() reads the unit back",
    "_job.skip": "numbers alone; check_edit() reads the unit back",
    "_render.render": "check_field() takes each field through one_line(), check_read_back() reads the units back",
    "_render.attempts": "a checked name, and a path of plain characters",
    "_job.chain": "a checked name, and a path whose special characters are escaped",
    "_job.file_record": "checked names, and a path of plain characters; check_read_back() reads the service back",
}
# What looks like such a line and is none: conditions of journalctl, variables of a command, words about a unit.
NO_UNIT = {
    "_managers.account",
    "_operate.history.journal_lines",
    "_observe.installed",
    "_proof.checkers.sandbox",
    "_report.runbook.runbook",
    "_operate.history.runs",
    "_report.status",
    "_syntax.timer_unit",
}
# Whose options tests/unit/test_hostile_options.py fills with hostile text.
CHANGING_MODULES = {"timer_job_change", "timer_jobs"}


def writes_a_line(node: ast.AST) -> bool:
    """Tell whether a text is `Key={value}` or `{key}={value}`, as a unit file has it."""
    if not isinstance(node, ast.JoinedStr):
        return False
    text = "".join(str(one.value) if isinstance(one, ast.Constant) else "\0" for one in node.values)
    return bool(re.match(r"(?:.*\n)?(?:[A-Z][A-Za-z]{2,}|\0)=[+-]*\0", text, re.DOTALL))


def test_a_new_way_of_a_text_to_a_unit_file_is_seen():
    files = [path for folder in ("module_utils", "plugin_utils", "modules", "action") for path in modules_of(folder)]
    found = {module_name(path) for path in files if any(writes_a_line(node) for node in ast.walk(tree_of(path)))}
    assert found == {*WRITERS, *NO_UNIT}


def test_a_new_module_that_writes_unit_files_is_seen():
    ways = ("_apply.", "_converge.", "_operate.change.")
    writing = {
        path.stem
        for path in modules_of("modules")
        if any(name.startswith(ways) for name in own_imports(path, "module_utils"))
    }
    assert writing == CHANGING_MODULES


def test_no_playbook_writes_a_unit_file_by_other_means():
    """Tasks of this collection's modules, and none that writes text to a host; the runbook is the controller's."""
    writing = (
        r"ansible\.(?:builtin|legacy)\.(?:copy|template|lineinfile|blockinfile|shell|command|raw|script|replace)\b"
    )
    for path in [*(ROOT / "playbooks").rglob("*.yml"), *(ROLE / "tasks").rglob("*.yml")]:
        found = re.findall(writing, path.read_text())
        assert found == (["ansible.builtin.template"] if path.stem == "runbook" else []), path
