# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must stay true of the collection as a whole: documents tell what the code does, everything has a test,
code for the hosts runs on old Python, and data flows one way."""

from __future__ import annotations

import ast
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

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils import _calendar
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._options import ARGUMENT_SPEC
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._verify import parse_directives
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._check_field import check_field
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._conditions import CONDITIONS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._fields import FIELDS, KIND_WORDS, SYNONYMS
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._hardening import HARDENING
from ansible_collections.dotmobi.systemd_timers.plugins.plugin_utils._limits import LIMITS

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

# The way of a job: what each part may import. Helpers that know nothing of the way stand first.
HELPERS = {
    "_codes": set(),
    "_encodable": set(),
    "_stamp_time": set(),
    "_model": set(),
    "_meeting": set(),
    "_options": {"_model"},
    "_runner": set(),
    "_lock_holders": set(),
    "_run_directory": {"_lock_holders", "_runner"},
    "_journal": {"_run_directory"},
    "_scratch": {"_run_directory"},
    "_script": set(),
    "_unit_file": set(),
    "_unit_value": set(),
    "_clock_change": {"_calendar_text"},
    "_calendar_text": set(),
    "_calendar_field": set(),
    "_cron_line": {"_calendar_field", "_calendar_text"},
    "_mend_word": set(),
    "_mend_day": {"_calendar_field", "_calendar_text", "_mend_word"},
    "_mend_time": {"_calendar_field"},
    "_timespan_mend": {"_mend_word"},
    "_calendar_mend": {"_cron_line", "_mend_day", "_mend_time", "_mend_word", "_timespan_mend"},
    "_command_line": set(),
    "_wrapped_command": set(),
    "_root_helper": set(),
    "_run_rules": {"_unit_file", "_wrapped_command"},
    "_findings": {"_codes"},
    "_secret": set(),
    "_mask": {"_command_line", "_findings", "_secret", "_unit_file"},
    "_seal": {"_mask", "_model", "_unit_file"},
    "_file_record": {"_model", "_unit_file"},
    "_file_state": {"_model"},
    "_own_files": {"_file_state", "_model", "_file_record", "_seal", "_unit_file"},
    "_pin": {"_model", "_file_record", "_seal", "_unit_file"},
    "_files_place": {"_file_record", "_model", "_pin"},
    "_pins_found": {"_file_state", "_model", "_pin", "_run_directory", "_unit_file"},
    "_directives": {"_findings"},
    "_child_process": {"_runner"},
    "_facts": {"_child_process", "_clock_change", "_model"},
    "_writable": {"_facts"},
    "_timer_text": {"_unit_file"},
    "_calendar": {"_runner"},
    "_run_record": {"_model", "_root_helper", "_timer_text"},
    "_chain": {"_model", "_root_helper", "_unit_file"},
    "_first_run": {"_chain", "_model"},
    "_first_run_note": {"_model"},
    "_references": {"_model", "_timer_text", "_unit_file"},
    "_skip": {"_calendar", "_model", "_root_helper", "_timer_text", "_unit_file"},
    "_job_view": {"_calendar", "_facts", "_findings", "_model", "_unit_file", "_wrapped_command"},
    "_exposure": {"_model", "_runner", "_scratch"},
    "_verify": {"_codes", "_directives", "_findings", "_job_view", "_mask", "_runner", "_scratch", "_unit_file"},
}
SHARED = set(HELPERS)
# Each looks at what was observed, and asks the host through _facts alone.
CHECKERS = {
    "_proof_host": SHARED,
    "_proof_names": SHARED,
    "_proof_files": SHARED,
    "_proof_schedule": SHARED,
    "_proof_clock": SHARED,
    "_proof_path": SHARED,
    "_command_text": SHARED | {"_proof_path"},
    "_proof_argument": SHARED | {"_command_text"},
    "_proof_shell": SHARED | {"_command_text"},
    "_proof_specifier": SHARED | {"_command_text"},
    "_environment_file": set(),
    "_proof_variable": SHARED | {"_command_text", "_environment_file", "_proof_path", "_proof_shell"},
    "_proof_environment": SHARED
    | {"_command_text", "_environment_file", "_proof_path", "_proof_shell", "_proof_variable"},
    "_proof_account": SHARED | {"_proof_path"},
    "_proof_service": SHARED,
    "_proof_sandbox": SHARED | {"_proof_path", "_proof_account"},
    "_proof_notify": SHARED | {"_proof_path", "_writable"},
    "_proof_opened": SHARED | {"_proof_account", "_proof_path", "_root_helper"},
}
WAY = {
    "_observe": SHARED - {"_verify"},
    # Of what was observed it needs the value, and a parser of answers.
    "_prune": {"_findings", "_model", "_unit_file"},
    "_predict": {"_calendar", "_findings", "_model", "_observe", "_runner", "_timer_text"},
    "_ended": {"_calendar", "_model", "_predict", "_run_record", "_runner", "_timer_text"},
    # Proof and plan get what was observed as a value, and are apart from each other.
    "_proof": SHARED | set(CHECKERS) | {"_root_helper", "_ended", "_observe", "_predict"},
    # Pure: it starts no program and touches no file.
    "_plan": {"_chain", "_first_run", "_model", "_file_record", "_pin", "_timer_text", "_unit_file"},
    "_ready": {"_file_state", "_findings", "_model", "_plan"},
    "_apply": {
        "_chain",
        "_file_state",
        "_first_run_note",
        "_journal",
        "_model",
        "_observe",
        "_pin",
        "_runner",
        "_stamp_time",
    },
    # The way back knows what was done and what was there, and nothing of goals and plans.
    "_undo": {"_apply", "_first_run_note", "_model", "_observe", "_runner", "_timer_text"},
    "_evidence": SHARED | {"_observe", "_plan"},
}
ORCHESTRATORS = {
    "_unit_log": {"_runner"},
    "_transaction": SHARED | {"_unit_log", "_apply", "_evidence", "_observe", "_plan", "_ready", "_undo"},
    "_converge": SHARED | set(WAY) | {"_root_helper", "_proof_host", "_proof_names", "_transaction"},
    "_account": SHARED | {"_observe"},
    "_account_look": SHARED | {"_account", "_observe"},
    # The way of a set of jobs through one manager, in each of several processes.
    "_offline": SHARED | set(CHECKERS) | {"_proof"},
    "_parts": SHARED | {"_account", "_account_look", "_converge", "_transaction"},
}
# What looks at jobs and runs them. It asks what the way of a job asks, and changes no file.
LOOK = {
    "_result_words": set(),
    "_lookup": {"_findings"},
    "_foreign_timer": set(),
    "_runs": {"_result_words", "_runner"},
    "_log_files": {"_calendar"},
    "_job_output": {"_calendar", "_runner", "_runs"},
    "_health": {"_model", "_result_words", "_runs", "_timer_text"},
    "_overdue": {"_calendar", "_model", "_predict", "_runner", "_timer_text", "_unit_file"},
    "_pairs": SHARED | {"_observe"},
    "_look": SHARED | {"_ended", "_observe", "_overdue", "_pairs", "_runs"},
    "_notices": {"_calendar", "_runner", "_runs", "_unit_file"},
    "_picture": SHARED
    | {"_foreign_timer", "_health", "_look", "_notices", "_overdue", "_pairs", "_result_words", "_runs"},
    "_start": {"_observe", "_runner", "_runs"},
    # It changes a job, by the way of every apply.
    "_where": SHARED | {"_account", "_account_look", "_foreign_timer", "_lookup", "_pairs"},
    "_examine": SHARED | {"_change", "_look", "_observe", "_pairs", "_proof", "_proof_path"},
    "_unit_texts": SHARED | {"_observe", "_pairs"},
    "_pictures": SHARED
    | {"_account", "_account_look", "_examine", "_look", "_observe", "_picture", "_runs", "_unit_texts"},
    "_change": SHARED | {"_observe", "_pairs", "_result_words"},
    "_do_change": SHARED
    | {"_account", "_change", "_converge", "_next_run", "_observe", "_pairs", "_transaction", "_where"},
    "_next_run": SHARED | {"_change", "_observe", "_pairs"},
}
ALLOWED_IMPORTS: dict[str, set[str]] = {**HELPERS, **CHECKERS, **WAY, **ORCHESTRATORS, **LOOK}


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
    # Raw ones are taken from the variables, see plugin_utils/_variables.py.
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
    needed = f"systemd {_calendar.OLDEST_VERSION} or newer"
    for name in ("timer_jobs", "calendar"):
        documentation = yaml.safe_load(constant(PLUGINS / "modules" / f"{name}.py", "DOCUMENTATION"))
        assert any(needed in line for line in documentation["requirements"])


def test_the_collection_needs_ansible_core_alone():
    assert not load(ROOT / "galaxy.yml").get("dependencies")
    assert not load(ROLE / "meta" / "main.yml").get("dependencies")


def test_role_and_collection_need_the_same_ansible():
    oldest = load(ROLE / "meta" / "main.yml")["galaxy_info"]["min_ansible_version"]
    assert load(ROOT / "meta" / "runtime.yml")["requires_ansible"] == f">={oldest}.0"


def test_pages_made_from_the_code_are_up_to_date():
    spec = importlib.util.spec_from_file_location("pages", ROOT / "tools" / "pages.py")
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    old = [path for path, text in pages.PAGES.items() if (ROOT / path).read_text() != text()]
    assert old == [], "run .venv/bin/python tools/pages.py"


def test_links_in_the_documents_lead_somewhere():
    pages = [ROOT / "README.md", ROLE / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())]
    own = [(page, link) for page, link in links if not urlsplit(link).scheme]
    assert own
    assert [(file_id(page), link) for page, link in own if not (page.parent / link).exists()] == []


# --- everything has a test


def texts_of_tests() -> dict[Path, str]:
    """Unit tests and scenarios, less this file: it names what it wants to find."""
    found = [*(ROOT / "tests" / "unit").glob("test_*.py"), *(ROOT / "molecule").rglob("*")]
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
    has_unit_test = (ROOT / "tests" / "unit" / f"test_{name}.py").exists()
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


def test_the_way_of_a_job_knows_every_file():
    assert {module_name(path) for path in modules_of("module_utils")} == set(ALLOWED_IMPORTS)


@pytest.mark.parametrize("path", modules_of("module_utils"), ids=file_id)
def test_imports_go_with_the_way_of_a_job(path):
    assert own_imports(path, "module_utils") <= ALLOWED_IMPORTS[module_name(path)]


def test_the_allowed_imports_have_no_circle():
    done: set[str] = set()
    left = dict(ALLOWED_IMPORTS)
    while left:
        ready = {name for name, needs in left.items() if needs <= done}
        assert ready, f"a circle among {sorted(left)}"
        done |= ready
        left = {name: needs for name, needs in left.items() if name not in ready}


PURE = {
    "_codes",
    "_chain",
    "_command_line",
    "_cron_line",
    "_findings",
    "_health",
    "_lookup",
    "_mask",
    "_model",
    "_options",
    "_file_record",
    "_result_words",
    "_root_helper",
    "_script",
    "_timer_text",
    "_unit_file",
    "_unit_value",
    "_wrapped_command",
}


@pytest.mark.parametrize("path", modules_of("plugin_utils"), ids=file_id)
def test_controller_utils_use_no_code_that_works_on_a_host(path):
    assert own_imports(path, "module_utils") <= PURE


@pytest.mark.parametrize("path", [*modules_of("module_utils"), *modules_of("plugin_utils")], ids=file_id)
def test_utils_do_not_call_back_up(path):
    upper = tuple(f"{NAMESPACE}{folder}" for folder in ("action", "filter", "modules"))
    assert [name for name in imports_of(path) if name.startswith(upper)] == []


@pytest.mark.parametrize("path", modules_of("module_utils"), ids=file_id)
def test_only_the_runner_starts_programs(path):
    uses = {name.split(".")[0] for name in imports_of(path)}
    assert "subprocess" not in uses or path.stem == "_runner"


def test_the_plan_is_pure():
    """It may put paths together; it reads no file, no clock and starts no program."""
    used = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree_of(PLUGINS / "module_utils" / "_plan.py"))
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
    "_change": "one_line() takes the schedule, check_edit() reads the unit back",
    "_skip": "numbers alone; check_edit() reads the unit back",
    "_render": "check_field() takes each field through one_line(), check_read_back() reads the units back",
    "_runner_command": "a checked name, and a path of plain characters",
    "_chain": "a checked name, and a path whose special characters are escaped",
    "_file_record": "checked names, and a path of plain characters; check_read_back() reads the service back",
}
# What looks like such a line and is none: conditions of journalctl, variables of a command, words about a unit.
NO_UNIT = {"_account", "_job_output", "_pairs", "_proof_sandbox", "_runbook", "_runs", "_status", "_timer_text"}
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
    found = {path.stem for path in files if any(writes_a_line(node) for node in ast.walk(tree_of(path)))}
    assert found == {*WRITERS, *NO_UNIT}


def test_a_new_module_that_writes_unit_files_is_seen():
    ways = {"_converge", "_parts", "_change", "_do_change", "_transaction"}
    writing = {path.stem for path in modules_of("modules") if own_imports(path, "module_utils") & ways}
    assert writing == CHANGING_MODULES


def test_no_playbook_writes_a_unit_file_by_other_means():
    """Tasks of this collection's modules, and none that writes text to a host; the runbook is the controller's."""
    writing = (
        r"ansible\.(?:builtin|legacy)\.(?:copy|template|lineinfile|blockinfile|shell|command|raw|script|replace)\b"
    )
    for path in [*(ROOT / "playbooks").rglob("*.yml"), *(ROLE / "tasks").rglob("*.yml")]:
        found = re.findall(writing, path.read_text())
        assert found == (["ansible.builtin.template"] if path.stem == "runbook" else []), path
