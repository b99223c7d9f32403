# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit files and values without the secrets in them: what is hidden, and what stays as it is."""

from __future__ import annotations

import pytest

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.mask import (
    SECRET,
    marks_of,
    masked_pair,
    masked_units,
    masked_value,
)
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.command_line import words_of
from ansible_collections.dotmobi.systemd_timers.tests.unit.support.samples import wanted

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----"


def service(*lines: str) -> str:
    """Return a unit file."""
    return "\n".join(["[Service]", *lines, "", "[X-Ansible]", "Owner=a", "Job=b", ""])


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("Environment", "API_TOKEN=hunter2", "API_TOKEN=(secret)"),
        ("Environment", '"API_TOKEN=hunter2"', '"API_TOKEN=(secret)"'),
        ("Environment", 'API_TOKEN="hunter2 two" LANG=C', "API_TOKEN=(secret) LANG=C"),
        ("Environment", 'LANG=C "DB_PASS=a b"  X=1', 'LANG=C "DB_PASS=(secret)"  X=1'),
        ("Environment", "'A=1' 'PGPASSWORD=a\\'b'", "'A=1' 'PGPASSWORD=(secret)'"),
        ("Environment", '"API_TO\\x4bEN=hunter2"', '"API_TOKEN=(secret)"'),
        ("Environment", '"API_TOKEN=hunter2', '"API_TOKEN=(secret)"'),
        ("Environment", 'A="1 API_TOKEN=hunter2', 'A="1 API_TOKEN=(secret)'),
        ("Environment", "API_TOKEN=correct horse staple", "API_TOKEN=(secret) (secret) (secret)"),
        ("Environment", "API_TOKEN=CORRECT HORSE", "API_TOKEN=(secret) (secret)"),
        ("Environment", "hunter2", "(secret)"),
        ("Environment", "URL=postgres://app:hunter2@db/app?password=hunter3", "URL=(secret)"),
        ("Environment", "JAVA_OPTS=-Ddb.password=hunter2", "JAVA_OPTS=-Ddb.password=(secret)"),
        (
            "Environment",
            '"GCP={\\"type\\": 1, \\"private_key\\": \\"x\\"}"',
            '"GCP={"type": 1, "private_key": "(secret)"',
        ),
        ("Environment", f'"DEPLOY={KEY}\\nAAAA\\n"', '"DEPLOY=(secret)"'),
        ("Environment", f'"GCP={{x {KEY}\\nAAAA}}"', '"GCP={x (secret)"'),
        ("Environment", '"TEXT=one\\ntoken=hunter2"', '"TEXT=one\\ntoken=(secret)"'),
        ("Environment", "PASSWORD=/wJalrXUtnFEMI", "PASSWORD=(secret)"),
        ("Enviroment", "API_TOKEN=hunter2", "API_TOKEN=(secret)"),
        ("SetCredential", "db:hunter2", "db:(secret)"),
        ("SetCredential", "db:hunter2:two", "db:(secret)"),
        ("SetCredential", "hunter2", "(secret)"),
        ("SetCredential", "hunter/2:db", "(secret)"),
        ("SetCredentialEncrypted", "db:AAAA", "db:(secret)"),
        ("setcredentail", "hunter2", "(secret)"),
        ("Credential", "db:hunter2", "db:(secret)"),
        ("ExecStart", "/bin/x --password=hunter2 -v", "/bin/x --password=(secret) -v"),
        ("ExecStart", "/bin/x --auth-token hunter2 -v", "/bin/x --auth-token (secret) -v"),
        ("ExecStart", '/bin/sh -c "cd /; PGPASSWORD=hunter2 psql"', '/bin/sh -c "cd /; PGPASSWORD=(secret)"'),
        ("ExecStart", "/bin/curl https://app:hunter2@host/", "/bin/curl (secret)"),
        # What has several lines is in no unit file, but may be in an error.
        ("Environment", "KEY=a\nAPI_TOKEN=b\nc=\nd", "KEY=a\nAPI_TOKEN=(secret)"),
    ],
)
def test_secrets_of_a_value(key: str, value: str, shown: str) -> None:
    assert masked_value(key, value) == shown


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Environment", "LANG=C.UTF-8 PYTHONUNBUFFERED=1"),
        ("Environment", '"TEXT=a \\"quoted\\" word"  A=1'),
        ("Environment", "PASSWORD_FILE=/etc/x TOKEN_URL=https://x/y PASSWORD=/run/credentials/db"),
        ("Environment", "VERBOSE"),
        ("Environment", ""),
        ("EnvironmentFile", "-/etc/secrets/password"),
        ("LoadCredential", "db-password:secret-file"),
        ("ImportCredential", "db.*"),
        ("SetLoginEnvironment", "yes"),
        ("PassCredentials", "yes"),
        ("ConditionCredential", "db"),
        ("ExecStart", "/bin/x --password-file=/etc/x --token=/run/secrets/t 'a b'"),
        ("ExecStart", "/bin/x --no-password --token /run/secrets/t --password-file x"),
        ("ExecStart", '/bin/sh -c "unbalanced'),
        ("Description", "Rotates the token: daily, at the user's wish"),
        ("OnCalendar", "Mon *-*-* 08:00:00"),
    ],
)
def test_what_is_no_secret_stays_as_it_is(key: str, value: str) -> None:
    assert masked_value(key, value) == value


def test_marked_variables() -> None:
    assert masked_value("Environment", "MAILGUN=/etc/x B=2", ["MAILGUN"]) == "MAILGUN=(secret) B=2"
    assert masked_value("ExecStart", "/bin/env MAILGUN=x y", ["MAILGUN"]) == "/bin/env MAILGUN=(secret) y"


@pytest.mark.parametrize("value", ["", " ", ' a  "b c"\t', "'a", '"a b', "\\", "a\\ b", "ä\udce9 \\x41"])
def test_the_words_of_a_value_are_the_value(value: str) -> None:
    assert "".join(f"{word.before}{word.raw}{word.after}" for word in words_of(value)) == value


def test_a_reader_sees_that_a_secret_has_changed_and_not_what_it_is() -> None:
    before = service("Environment=API_TOKEN=one", "Environment=DB_PASS=same", "SetCredential=db:one", "Nice=1")
    after = service("Environment=API_TOKEN=two", 'Environment="DB_PASS=same"', "SetCredential=db:two", "Nice=2")
    shown = masked_pair(before, after)
    assert shown[0].split("\n")[1:5] == [
        "Environment=API_TOKEN=(secret)",
        "Environment=DB_PASS=(secret)",
        "SetCredential=db:(secret)",
        "Nice=1",
    ]
    assert shown[1].split("\n")[1:5] == [
        "Environment=API_TOKEN=(secret, changed)",
        'Environment="DB_PASS=(secret)"',
        "SetCredential=db:(secret, changed)",
        "Nice=2",
    ]


def test_new_and_removed_files() -> None:
    text = service("Environment=API_TOKEN=hunter2", "# API_TOKEN=hunter2", "User=x")
    masked = text.replace("hunter2", "(secret)")
    assert masked_pair("", text) == ("", masked)
    assert masked_pair(text, "") == (masked, "")


def test_what_is_no_secret_is_not_touched() -> None:
    text = (
        service("# It's a comment", "ExecStart=/bin/a \\", "  # within", "  b", "Environment=A=1 \\", "  B=2", "x")
        + "\\"
    )
    assert masked_pair(text, text) == (text, text)


def test_a_line_that_goes_on() -> None:
    text = service("Environment=A=1 \\", "; API_TOKEN=hunter2", '  "API_TOKEN=hunter2 \\', '  three" B=2', "Nice=1")
    shown, _after = masked_pair(text, "")
    assert "hunter2" not in shown
    assert "three" not in shown
    assert "; API_TOKEN=(secret)" in shown
    assert "B=2\nNice=1\n" in shown


def test_the_marks_of_both_files_hide_in_both() -> None:
    marked = wanted(secrets=["MAILGUN"], environment={"MAILGUN": "hunter2"}).service
    plain = wanted(environment={"MAILGUN": "hunter3"}).service
    assert marks_of(marked) == {"MAILGUN"}
    assert marks_of(plain, "") == set()
    for pair in ((marked, plain), (plain, marked)):
        assert "hunter" not in "".join(masked_pair(*pair))


def test_what_one_file_of_a_job_marks_is_hidden_in_both() -> None:
    service = '[Service]\nEnvironment="MAILGUN=hunter2"\n\n[X-Ansible]\nOwner=a\nJob=b\nSecrets=MAILGUN\n'
    timer = "# MAILGUN=hunter2\n[Timer]\nOnCalendar=daily\n"
    shown = masked_units(service, timer)
    assert "hunter2" not in "".join(shown)
    assert shown[0] == service.replace("hunter2", SECRET)
    assert masked_units("[Unit]\nDescription=plain\n") == ["[Unit]\nDescription=plain\n"]


@pytest.mark.parametrize("text", ["x" * 10**5, "x." * 10**5, "xtoken" * 10**4, "1" * 10**5, "-" * 10**5, ": " * 10**4])
def test_long_texts_are_masked_too(text: str) -> None:
    """Each is looked through once. Where each letter could begin a name, one of them took minutes."""
    unit = service(f"Environment='API_TOKEN={text}' 'OTHER={text}'", f"ExecStart=/bin/x '{text}' '--token={text}'")
    (masked,) = masked_units(unit)
    assert f"'API_TOKEN={SECRET}'" in masked
    assert f"'--token={SECRET}'" in masked
