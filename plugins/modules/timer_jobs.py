#!/usr/bin/python
# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: timer_jobs
short_description: Install scheduled jobs as systemd timers, with proof before and evidence after
version_added: 0.1.0
description:
  - Brings a host to the declared set of jobs. Each job is a pair of units, C(NAME.service) and C(NAME.timer).
  - First proves the whole set against the host's own systemd. One bad job stops the apply for that host. All errors are
    shown at once, and nothing is changed.
  - Then applies the set as one transaction. If a step fails, files, enablement and active timers are restored to their
    previous state.
  - Finally reads back from systemd that each timer is loaded and active.
  - Never restarts a timer, and never runs a job because its schedule has changed, unless asked to.
  - Takes one module execution per host, whatever the number of jobs. The role P(dotmobi.systemd_timers.timer#role)
    passes its variables to this module.
options:
  jobs:
    description:
      - The jobs, as a list of dictionaries. A field that is not listed here is refused, and the nearest known name is
        suggested.
      - The type is C(raw) because the collection's own code checks the fields, names the job at fault and shows all
        errors at once.
      - If omitted, this list is not declared. See O(prune).
    type: raw
    suboptions:
      name:
        description:
          - Name of the units C(NAME.service) and C(NAME.timer). Entries with the same name in several lists are merged
            into one job.
          - Letters, digits, C(-), C(_) and C(.), starting with a letter or digit, at most 241 characters.
        type: str
        required: true
      description:
        description:
          - C(Description=) of the service. The description of the timer adds the schedule in words. See
            systemd.unit(5).
          - If omitted, the name of the job.
        type: str
      state:
        description:
          - V(present) installs the units, and enables and starts the timer.
          - V(suspended) installs the units, but leaves the timer stopped and disabled.
          - V(absent) stops the timer and removes both units. A run under way is left to finish, unless C(on_remove) is
            V(stop).
        type: str
        default: present
        choices: [present, suspended, absent]
      schedule:
        description:
          - When the job runs, as a calendar expression or a list of them. Each becomes one C(OnCalendar=) of the timer.
            See systemd.time(7).
          - An expression that is invalid, or that never elapses again, is an error.
          - Quote it in YAML. Without quotes, V(10:30) is a number, and a leading V(*) is an error.
          - A job needs one of C(schedule), C(every), C(every_after) and C(on_boot), a trigger in C(timer), or
            C(triggered_by).
        type: raw
      timezone:
        description:
          - Time zone of every expression in C(schedule), for example V(Europe/London). It is appended to each
            C(OnCalendar=). See systemd.time(7).
          - If omitted, the host's own time zone.
        type: str
      on_boot:
        description:
          - Runs the job this time span after the host has booted, for example V(5min). C(OnBootSec=) of the timer. See
            systemd.timer(5).
          - If it is the only trigger and the host has already been up for longer, the timer is enabled but not started.
            The job runs after the next boot.
          - Together with C(every), the timer is started, and the first run is one C(every) later. C(on_boot) sets the
            first run only after a boot.
          - Together with a C(schedule) that is not C(persistent), systemd would run the job at once on a host that has
            been up for longer. This is refused unless C(on_reschedule) is V(run).
        type: str
      every:
        description:
          - Runs the job repeatedly, this time span after the last run began, for example V(15min). C(OnUnitActiveSec=)
            of the timer. See systemd.timer(5).
          - The first run is one time span after the timer has started (C(OnActiveSec=)), or, after a boot, at
            C(on_boot) if that is set and shorter. If systemd is reloaded before that run, the time span starts over.
        type: str
      every_after:
        description:
          - Runs the job repeatedly, this time span after the last run ended, for example V(20s). C(OnUnitInactiveSec=)
            of the timer. See systemd.timer(5). The first run is as with C(every).
        type: str
      triggered_by:
        description:
          - Names of jobs of the same declaration that start this job, as a string or a list, instead of a C(schedule).
            The job has no timer. It starts after each run of one of these jobs that has begun and succeeded. A skipped
            run does not count. While the job is still running, it is not started again.
          - An empty list makes a job that is only started manually.
        type: raw
      persistent:
        description:
          - Whether a run that was missed while the host was off is caught up as soon as the host is up again.
            C(Persistent=) of the timer. See systemd.timer(5).
          - Applies to C(schedule) only. A job without one gets no such line.
        type: bool
        default: true
      accuracy:
        description:
          - How much later than its time the timer may elapse, as a time span. C(AccuracySec=) of the timer. See
            systemd.timer(5).
        type: str
        default: 1s
      jitter:
        description:
          - Delays each run by a random time of up to this time span. C(RandomizedDelaySec=) of the timer. See
            systemd.timer(5).
          - If omitted, no delay.
        type: str
      fixed_jitter:
        description:
          - Whether the delay of C(jitter) stays the same on a host. C(FixedRandomDelay=) of the timer, written if
            C(jitter) is set. See systemd.timer(5).
          - If V(false), every reload of systemd draws a new delay.
        type: bool
        default: true
      spread:
        description:
          - Moves each run by a fixed time below V(hour), V(day) or a time span such as V(30min), to keep many hosts
            from doing the same thing at the same moment. The time is computed from the host's inventory name and the
            job's name. It differs from host to host, and stays the same on each.
          - Added to the time of day of each expression in C(schedule), and therefore visible in C(OnCalendar=) of the
            timer. An expression that would leave its day is an error, unless it is for every day or for days of the
            week. See systemd.time(7).
          - If omitted, runs are not moved.
        type: str
      on_reschedule:
        description:
          - What happens if the new schedule of an armed timer would make systemd run the job at once, because it has an
            elapse between the last elapse and now.
          - V(skip) prevents that run. V(run) allows it. V(fail) makes it an error of the proof.
          - If omitted, the value that is set for all jobs.
        type: str
        choices: [skip, run, fail]
      on_remove:
        description:
          - What happens to a run under way when the job is removed with V(absent) as C(state).
          - V(finish) lets it finish as it began, with its limits, stop commands, notices and files. V(stop) stops the
            service. See systemd.kill(5).
          - Pruned jobs are always left to finish.
        type: str
        default: finish
        choices: [finish, stop]
      run_on_install:
        description:
          - Whether the job runs once when an apply installs it. It does not run at later applies, or when it is
            renamed, changed or armed again. The result reports the run, also in check mode. The apply does not wait for
            it.
          - If a new job is triggered by another job that runs at the same apply (see C(triggered_by)), the apply leaves
            it to the run of that job.
        type: bool
        default: false
      after_last_run:
        description:
          - What happens to the job after its last elapse has run, if the C(schedule) has one, such as a single date.
          - V(keep) leaves it on the host, where it is shown as done. V(remove) removes it with the next apply after
            that, unless that run is under way, has failed or was interrupted. The declaration can stay in either case.
        type: str
        default: keep
        choices: [keep, remove]
      renamed_from:
        description:
          - The previous name of this job. The pair of that name is removed, and what systemd knows of its last run (the
            stamp of a persistent timer, see systemd.timer(5)) is carried over. No run is lost or repeated.
          - Has no effect if the host has no such pair, so it can stay in the declaration.
          - A pair of another declaration is refused while this job is not installed, because both would run. It is
            removed if C(take_over_from) names that declaration.
        type: str
      take_over_from:
        description:
          - Owner mark of another declaration from which this job is taken over on purpose. Without it, a job that
            belongs to another declaration is refused.
          - Remove the job from the other declaration as well.
        type: str
      accept:
        description:
          - Codes of findings of the proof to accept for this job, as a string or a list, for example
            V(missing-command). For this job, they are no longer errors or warnings, and are counted as accepted.
          - A finding about something that could not work at all cannot be accepted. The codes are listed in
            C(docs/findings.md) of the collection.
        type: raw
      command:
        description:
          - What the job runs. C(ExecStart=) of the service. Required, unless C(commands), C(script), or C(ExecStart) in
            C(service) is set.
          - A string uses systemd's own command syntax, in which C(%) and C($) have a meaning. See systemd.service(5),
            Command lines.
          - A list is a program and its arguments. They reach the process exactly as written. There is no shell.
        type: raw
      commands:
        description:
          - Several commands instead of C(command), as a list. Each is a string or a list as in C(command).
          - Each command starts after the previous one has succeeded. The first one that fails ends the run, and is
            named in the journal, in the results and in notices. C(timeout) limits all of them together, and each
            attempt of C(retries) starts with the first.
        type: list
        elements: raw
      script:
        description:
          - A script that is deployed with the job, instead of C(command). C(ExecStart=) of the service runs it. It is
            owned by root, has mode 0755, is replaced in the same transaction as the unit files, and is removed with the
            job. A changed script does not touch the timer.
          - C(content) is the text of the script. Alternatively, C(src) is a file on the controller, looked up like
            C(src) of M(ansible.builtin.copy).
          - C(interpreter) is the program that runs the script, as a string or a list. It defaults to what the C(#!)
            line of the script says, or C(/bin/sh). C(args) is a list of arguments. Each reaches the script exactly as
            written.
        type: dict
      working_directory:
        description:
          - Directory in which the command starts. C(WorkingDirectory=) of the service. See systemd.exec(5).
          - An absolute path, or V(~) for the user's home directory. With a leading C(-), the directory may be missing.
        type: str
      user:
        description:
          - User that runs the command, as a name or a number. C(User=) of the service. See systemd.exec(5).
          - If omitted, root.
        type: str
      group:
        description:
          - Group that the command runs as, as a name or a number. C(Group=) of the service. See systemd.exec(5).
          - If omitted, the user's own group.
        type: str
      scope:
        description:
          - Which manager runs the job. V(system) is systemd itself. V(user) is the user manager of the account in
            C(user). See C(user@.service) and systemd.unit(5).
          - With V(user), the units and files are in the home directory of the account, and belong to it. The manager is
            set up to run without a login (C(loginctl enable-linger)). C(group) and C(network_online) are refused.
        type: str
        default: system
        choices: [system, user]
      environment:
        description:
          - Environment variables, as names and values. Each becomes one C(Environment=) of the service. See
            systemd.exec(5).
          - A value reaches the process exactly as written. V(null) removes a variable that a list of lower precedence
            has set.
          - Every user of the host can read these values, except those that C(secrets) names.
        type: dict
      secrets:
        description:
          - Names of variables whose values are secret, as a string or a list. Their values are hidden in diffs,
            messages and results, as are those of variables that look like a secret, for example V(API_TOKEN).
          - If such a variable is in C(environment), its value is not written to the unit file, but to a file of the job
            that only root can read. C(EnvironmentFile=) of the service names that file.
        type: raw
      environment_file:
        description:
          - File with more environment variables. C(EnvironmentFile=) of the service. See systemd.exec(5).
          - A string is the absolute path of a file on the host. With a leading C(-), the file may be missing. systemd
            reads the path as a pattern. A backslash before C(*), C(?), C([) or a backslash makes that character
            literal.
          - A dictionary has C(content), the lines of the file, or C(src), a file on the controller. The file is
            deployed with the job, and only root can read it.
        type: raw
      credentials:
        description:
          - Credentials by name. C(LoadCredential=) or C(LoadCredentialEncrypted=) of the service. See systemd.exec(5).
            The job reads each as the file C($CREDENTIALS_DIRECTORY/NAME).
          - Each is a dictionary with one of C(content), the text itself; C(src), a file on the controller;
            C(encrypted), the output of C(systemd-creds encrypt) of systemd 250 or newer on that host; and C(path), a
            file on the host.
          - All except C(path) are deployed with the job, as files that only root can read, and are removed with it.
        type: dict
      network_online:
        description:
          - Whether the job waits until the network is up. Sets C(After=) and C(Wants=) of the service to
            C(network-online.target). See systemd.special(7).
        type: bool
        default: false
      output:
        description:
          - Where the command's output and errors go, for example V(journal) or V(append:/var/log/job.log).
            C(StandardOutput=) and C(StandardError=) of the service. See systemd.exec(5).
          - V(log) appends them to the file C(NAME.log) in the log directory of the host.
          - If omitted, systemd's own default, which is the journal.
        type: str
      timeout:
        description:
          - The longest time that a run may take, as a time span such as V(1h). After that, the run is stopped and fails
            with the result C(timeout). C(TimeoutStartSec=) of the service. See systemd.service(5).
          - If omitted, no limit.
        type: str
      kill_after:
        description:
          - How long a run that is being stopped, for example after C(timeout), has to exit after C(SIGTERM), as a time
            span. After that, it receives C(SIGKILL). C(TimeoutStopSec=) of the service. See systemd.service(5).
          - If omitted, systemd's own default, which is 90 s on most hosts.
        type: str
      retries:
        description:
          - Runs the command again if it fails. All attempts are one run of the service. C(OnFailure=) is triggered
            once, after the last attempt, whose exit status is that of the run. C(ExecStart=) of the service. See
            systemd.service(5).
          - A number sets how often to try again. A dictionary has C(attempts) (all of them, including the first),
            C(delay) before the second (default V(10s)), C(backoff), a factor by which each further delay is longer
            (default V(1)), and C(max_delay) (default V(1h)).
          - A time limit applies to each attempt. Processes that an attempt leaves behind are ended before the next one.
            The journal records each attempt. The host needs C(/usr/bin/python3).
        type: raw
      concurrency:
        description:
          - What happens if the job is due while a run of it is under way. V(queue) (what systemd itself does, the
            default) starts it once more as soon as that run has ended. V(forbid) skips the new run, and says so in the
            journal. V(replace) stops the run under way, and starts the job anew. See systemd.timer(5).
          - A dictionary has C(policy), which is one of these, and C(group), the name of a group of jobs that wait for
            each other in the order of their arrival. C(group_limit) is how many of them run at once (default V(1)).
            C(group_wait) is the time after which a run that is still waiting fails (default V(1h)).
          - C(ExecCondition=) and C(ExecStopPost=) of the service. With V(replace), also the unit
            C(NAME-replace.service), which the timer starts. See systemd.service(5).
        type: raw
      starting_deadline:
        description:
          - How late a run may start, as a time span. A later run is skipped and does not fail, for example after a
            downtime, or if it has waited too long in a group. The journal records it. C(accuracy) and C(jitter) do not
            count. C(ExecCondition=) of the service. See systemd.service(5).
          - Requires C(schedule) and no other trigger. A run that is started manually is never late.
          - If omitted, no deadline.
        type: raw
      skip_next:
        description:
          - Skips runs that the timer starts. A date such as V(2027-01-01) skips every run of that day, in the time zone
            of the schedule. Any other word, such as the number of a change, skips the next run, once for each word.
            C(ExecCondition=) of the service. See systemd.service(5).
          - A run that is started manually is not skipped.
        type: raw
      limits:
        description:
          - What the job may use, by name, for example C(memory) with V(512M) or C(tasks) with V(50). The names are
            C(memory), C(memory_high), C(swap), C(cpu), C(cpu_weight), C(io_weight), C(io_class), C(nice), C(tasks),
            C(open_files) and C(file_size).
          - They become C(MemoryMax=), C(MemoryHigh=), C(MemorySwapMax=), C(CPUQuota=), C(CPUWeight=), C(IOWeight=),
            C(IOSchedulingClass=), C(Nice=), C(TasksMax=), C(LimitNOFILE=) and C(LimitFSIZE=) of the service. See
            systemd.resource-control(5) and systemd.exec(5).
          - If omitted, only the host's own limits apply.
        type: dict
      hardening:
        description:
          - A sandbox for the job, made of many directives of the service. They are listed in C(docs/hardening.md) of
            the collection. See also systemd.exec(5). V(standard) suits most jobs. V(strict) lets a job write only to
            its own directories, and drops all its capabilities.
          - Other fields and C(service) take precedence over its directives.
          - The result includes the exposure that C(systemd-analyze security) reports, if systemd is 250 or newer.
        type: str
        default: none
        choices: [none, standard, strict]
      state_directory:
        description:
          - A directory of the job, or a list of them, as relative paths below C(/var/lib). systemd creates it before
            each run and gives it to the job's user. C(StateDirectory=) of the service. See systemd.exec(5). The job
            finds it in C($STATE_DIRECTORY).
        type: raw
      cache_directory:
        description:
          - A directory of the job, or a list of them, as relative paths below C(/var/cache). systemd creates it before
            each run and gives it to the job's user. C(CacheDirectory=) of the service. See systemd.exec(5). The job
            finds it in C($CACHE_DIRECTORY).
        type: raw
      logs_directory:
        description:
          - A directory of the job, or a list of them, as relative paths below C(/var/log). systemd creates it before
            each run and gives it to the job's user. C(LogsDirectory=) of the service. See systemd.exec(5). The job
            finds it in C($LOGS_DIRECTORY).
        type: raw
      runtime_directory:
        description:
          - A directory of the job, or a list of them, as relative paths below C(/run). systemd creates it before each
            run and gives it to the job's user. C(RuntimeDirectory=) of the service. See systemd.exec(5). The job finds
            it in C($RUNTIME_DIRECTORY).
          - It is removed when the run ends.
        type: raw
      writable_paths:
        description:
          - Absolute paths that the job may write to although C(hardening) or C(ProtectSystem=) makes everything else
            read-only, as a string or a list. C(ReadWritePaths=) of the service. See systemd.exec(5).
          - A path must exist on the host, unless it has a leading C(-). Its owner and mode apply as usual.
        type: raw
      conditions:
        description:
          - What must hold when the job is due, by name, for example C(path_exists) with V(/srv/data). Otherwise, the
            run is skipped and does not fail. The names are C(ac_power), C(host), C(path_exists), C(path_is_directory),
            C(path_is_mount_point), C(file_not_empty), C(directory_not_empty), C(virtualization) and C(command).
          - They become C(ConditionACPower=), C(ConditionHost=) and so on of the service (see systemd.unit(5)), and
            C(ExecCondition=) (see systemd.service(5)).
          - A value can be a list. Every entry of it must hold. A C(!) before a string negates it. C(command) is a
            command as in the field of that name. Exit status 0 lets the job run, 1 to 254 skips it.
        type: dict
      on_failure:
        description:
          - Who is notified when a run has failed, once per run, after the last retry. C(OnFailure=) of the service. See
            systemd.unit(5).
          - C(mail) is an address, a list of addresses, or a dictionary with C(to) and C(from). The mail is sent with
            C(/usr/sbin/sendmail) of the host.
          - C(webhook) is a URL, a dictionary with C(url) and C(headers), or a list of these. It receives the facts as
            JSON in a POST request. Instead of a URL or the text of a header, there can be a dictionary with
            C(credential), the name of a credential of the job, or with C(path), a file on the host. C(prefix) is put
            before what is read, for example V(Bearer ).
          - Instead of the facts, C(webhook) can send a message in a C(format), one of V(slack), V(discord), V(teams),
            V(ntfy) and V(matrix), or a C(body), which is a string, or a dictionary or list that becomes JSON. In a
            body, C({job}), C({summary}) and the other facts are replaced with those of the run.
          - C(command) is a program and its arguments, as a string or a list. Root runs it, with the facts as JSON on
            its input and in environment variables such as C(TIMER_JOB) and C(TIMER_RESULT).
          - C(unit) is the name of a unit, or a list of names, that systemd starts, for example V(alert@%n.service).
          - C(lines) is how many of the last lines of that run in the journal are included, 20 by default.
          - C(only) limits notices to runs that the timer started if it is V(timer). The default is V(any).
          - A run that is skipped by a condition is neither a failure nor a success. If omitted, no one is notified.
        type: dict
      on_success:
        description:
          - Who is notified when a run has succeeded, in the same form as C(on_failure). C(OnSuccess=) of the service.
            See systemd.unit(5). Requires systemd 249 or newer.
          - If omitted, no one is notified.
        type: dict
      heartbeat:
        description:
          - A monitor, such as healthchecks.io, that is pinged at each success and failure. It also notices a job that
            does not run at all. C(OnFailure=) and C(OnSuccess=) of the service. See systemd.unit(5). Requires systemd
            249 or newer.
          - A string is the URL of the ping. A success requests that URL, a failure requests C(/fail) below it. In its
            path, C({job}) and C({host}) are replaced with the names of the job and the host.
          - A dictionary has C(url), a URL as in a webhook of C(on_failure); C(start), whether C(/start) is pinged when
            a run begins, V(false) by default; and C(exit_status), whether a ping ends in the exit status, such as C(/0)
            and C(/3), V(false) by default.
          - A ping can neither fail nor delay the job. If omitted, there are no pings.
        type: raw
      unit:
        description:
          - Directives for the C([Unit]) section of the service, by their own names. See systemd.unit(5).
          - A list repeats a directive. V(null) removes the line that another field writes. These directives take
            precedence over the other fields, and are written as they are.
          - A directive that the host's systemd does not know is an error. This also applies to C(service), C(timer) and
            C(install).
        type: dict
      service:
        description:
          - Directives for the C([Service]) section of the service, in the same form as C(unit). See systemd.service(5)
            and systemd.exec(5).
        type: dict
      timer:
        description:
          - Directives for the C([Timer]) section of the timer, in the same form as C(unit). See systemd.timer(5).
        type: dict
      install:
        description:
          - Directives for the C([Install]) section of the service, in the same form as C(unit). See systemd.unit(5).
          - If omitted, the service has no such section. The service itself is never enabled, only its timer is.
        type: dict
  group_jobs:
    description:
      - More jobs, with the fields of O(jobs). They are merged by name with the jobs of O(jobs), field by field, and
        take precedence over them.
      - A dictionary field (C(environment), C(credentials), C(retries), C(concurrency), C(limits), C(conditions),
        C(on_failure), C(on_success), C(heartbeat), C(unit), C(service), C(timer), C(install)) is merged key by key. Any
        other value is replaced. V(null) removes a field.
    type: raw
  host_jobs:
    description:
      - Still more jobs, in the same form. They take precedence over O(group_jobs) and O(jobs).
    type: raw
  defaults:
    description:
      - Default values for the fields of O(jobs), for all fields except C(name). A value that a job sets takes
        precedence.
    type: raw
    default: {}
  owner:
    description:
      - Marks the declaration that a unit file belongs to. Only units with this mark are changed or removed.
      - Give each declaration its own mark if several of them manage jobs on the same host.
      - Letters, digits, C(-), C(_) and C(.), starting with a letter or digit.
    type: str
    default: default
  prune:
    description:
      - Whether to remove jobs that carry the owner mark but are no longer declared. If V(false), they are only
        reported.
      - Without any list (O(jobs), O(group_jobs), O(host_jobs)), nothing is removed. An empty list V([]) means that
        there are no jobs. V(null) does not.
    type: bool
    default: false
  prune_limit:
    description:
      - How many jobs O(prune) may remove from a host in one apply. More than that is an error, and nothing is changed.
      - If omitted, up to three jobs, or up to half of the jobs of this owner on the host. This guards against a list
        that was lost or truncated.
      - The jobs of the system and those of each account's user manager are counted separately.
    type: int
  proof:
    description:
      - V(strict) makes what the host lacks an error. This is a command, script, user, group, directory, environment
        file or handler that does not exist, or that the job's user cannot reach.
      - V(warn) makes it a warning, for jobs that are installed before what they need. Everything else stays the same.
    type: str
    default: strict
    choices: [strict, warn]
  on_reschedule:
    description:
      - Value of the field C(on_reschedule) for jobs that do not set it.
    type: str
    default: skip
    choices: [skip, run, fail]
  unit_directory:
    description:
      - Directory on the host for the unit files. It must be one from which systemd reads units. See systemd.unit(5).
    type: path
    default: /etc/systemd/system
  files_directory:
    description:
      - Directory on the host for the files that jobs have in addition to their units, such as scripts and credentials.
        Each such job has its own directory in it. Everything in that directory belongs to the collection and is removed
        with the job.
    type: path
    default: /etc/dotmobi.systemd_timers
  log_directory:
    description:
      - A directory on the host for the log files of the jobs. If it is set and missing, it is created with mode 0755.
        It is never removed.
    type: path
  log_keep:
    description:
      - How many rotated files to keep of each C(*.log) in O(log_directory). If greater than 0, one more job is
        installed, C(log-rotation), or C(log-rotation-OWNER) if the owner mark is not V(default). Each day, C(NAME.log)
        becomes C(NAME.log.1), the previous C(NAME.log.1) becomes C(NAME.log.2.gz), and so on. Empty files are left
        alone.
      - With V(0), nothing is rotated.
    type: int
    default: 0
  service_template:
    description:
      - Jinja2 template for the service, on the controller, instead of the template of this collection. It is looked up
        like C(src) of M(ansible.builtin.template).
      - It receives one variable, C(job), with all fields. Ansible's own variables and filters are not available in it.
      - Jobs with C(retries), C(concurrency), C(starting_deadline) or C(skip_next) need the content of C(job.helpers),
        written as the template of this collection does.
    type: path
  unit_template:
    description:
      - Jinja2 template for the timer, in the same form.
    type: path
requirements:
  - systemd 247 or newer on the host, running as PID 1
  - Python 3.8 or newer on the host
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - dotmobi.systemd_timers.attributes.action_group
attributes:
  action:
    description: An action plugin of the same name does part of the work on the controller.
    support: full
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
notes:
  - Requires root. Use C(become) if the connection does not use root.
  - The action plugin merges and checks the jobs and renders the unit files on the controller. The host proves and
    applies them.
  - Two applies on the same host wait for each other, for up to two minutes. A warning states how long the wait was.
seealso:
  - module: dotmobi.systemd_timers.calendar
  - name: systemd.timer(5)
    description: The directives of a timer.
    link: https://www.freedesktop.org/software/systemd/man/latest/systemd.timer.html
  - name: systemd.time(7)
    description: Calendar expressions and time spans.
    link: https://www.freedesktop.org/software/systemd/man/latest/systemd.time.html
  - name: systemd.service(5)
    description: The directives of a service, and the syntax of its command line.
    link: https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html
author:
  - dotmobi.systemd_timers contributors (@dotmobi)
"""

EXAMPLES = r"""
- name: Run a script every Monday
  dotmobi.systemd_timers.timer_jobs:
    jobs:
      - name: it-glue-backup
        description: IT Glue Export Backup
        schedule: Mon *-*-* 08:00:00
        command: /usr/bin/python3 /usr/local/dotmobi-tools/scripts/it_glue_export_backup.py
        environment: {PYTHONUNBUFFERED: "1"}
  become: true

- name: Set what all jobs have in common once
  dotmobi.systemd_timers.timer_jobs:
    defaults:
      user: reports
      network_online: true
    jobs:
      - name: report-day
        schedule: "*-*-* 06:00:00"
        command: [/usr/local/bin/report, --period, day]
      - name: report-week
        schedule: [Mon 06:30, Thu 06:30]
        timezone: Europe/London
        jitter: 10min
        command: [/usr/local/bin/report, --period, week]
  become: true

- name: Suspend one job and remove another
  dotmobi.systemd_timers.timer_jobs:
    jobs:
      - name: queue-poll
        every: 5min
        command: /usr/local/bin/queue-poll
        state: suspended
      - name: old-report
        state: absent
  become: true

- name: Use systemd directives by their own names
  dotmobi.systemd_timers.timer_jobs:
    jobs:
      - name: index
        on_boot: 10min
        command: /usr/local/bin/index
        unit: {ConditionACPower: true}
        timeout: 1h
        limits: {memory: 512M, cpu: 50%, nice: 10}
        service: {OOMScoreAdjust: 500}
  become: true
"""

RETURN = r"""
jobs:
  description:
    - One entry for each declared job, in order, and for each job that was pruned.
    - In check mode, C(active), C(next_elapse) and C(last_trigger) are from before the change.
  returned: when the proof has passed and the apply has succeeded
  type: list
  elements: dict
  contains:
    name:
      description: The job.
      type: str
      sample: it-glue-backup
    state:
      description: Its declared state.
      type: str
      sample: present
    active:
      description: State of the timer in systemd, active state and substate.
      type: str
      sample: active (waiting)
    armed:
      description:
        - Whether the timer is armed, V(now) or V(no). V(queued) if its start waits for another unit, as on a host that
          is booting or whose clock is not set yet. V(next-boot) if it counts from a boot that is long past, and the
          next boot starts it. V(done) if its last elapse has run.
        - For a job without a timer, V(triggered) if other jobs start it, or V(manual).
      type: str
      sample: now
    user:
      description: The account whose user manager has the job. Only present for jobs with C(scope) V(user).
      type: str
      sample: alice
    schedule:
      description: The timer's calendar expressions, each with its time zone.
      type: list
      elements: str
      sample: [Mon *-*-* 08:00:00]
    schedule_text:
      description: When the job runs, in plain words.
      type: str
      sample: every Monday at 08:00
    spread:
      description:
        - By how much C(spread) moves the job on this host, as a time span. It is already part of C(schedule). V(null)
          if the job is not spread.
      type: str
      sample: 17min 23s
    next_elapse:
      description: When the timer elapses next, as ISO 8601 in the time zone of the host. V(null) if there is no such
        time.
      type: str
      sample: "2027-02-01T08:00:00+01:00"
    skipped_elapse:
      description: The elapse whose run is skipped, as requested with the playbook C(skip_next), in the same form.
        V(null) if there is none.
      type: str
      sample: "2027-02-01T08:00:00+01:00"
    last_trigger:
      description: When the timer last elapsed, in the same form. V(null) if this is not known. The time at which an
        apply armed the timer, which systemd shows for it, is not an elapse.
      type: str
      sample: "2027-01-25T08:00:00+01:00"
    missed_elapse:
      description:
        - The elapse that has passed and makes systemd run the job at once, unless this is prevented. In the same form.
          V(null) if there is none.
      type: str
      sample: "2027-01-25T08:00:00+01:00"
    runs_now:
      description:
        - Whether this apply runs the job for that elapse or because it is new, or in check mode would run it. See
          C(on_reschedule) and C(run_on_install).
      type: bool
      sample: false
    exposure:
      description:
        - For a job with C(hardening), how exposed it is, from 0.0 to 10.0, as C(systemd-analyze security) rates it.
        - V(null) for other jobs, and if systemd is older than 250.
      type: float
      sample: 1.6
    changed:
      description: Whether something was done to this job.
      type: bool
      sample: true
    actions:
      description:
        - What was done to it, or in check mode would be done. Empty if nothing.
        - Any of V(install), V(update), V(remove), V(correct owner and mode), V(reschedule), V(reload), V(arm),
          V(disarm), V(enable), V(disable), V(run), V(disable the service itself), V(reset its failure),
          V(let its run finish), V(clean up after its run) and V(stop its run).
        - For a file of the job, also V(install), V(update) or V(remove) with its name, for example V(update script),
          and V(remove its directory).
      type: list
      elements: str
      sample: [install, arm, enable]
findings:
  description:
    - What the proof has found, first on the host, then job by job, errors before warnings. The findings that the jobs
      accept come last.
  returned: always, unless the host could not be examined
  type: list
  elements: dict
  contains:
    job:
      description: The job. Empty if the finding is about the host as a whole.
      type: str
      sample: it-glue-backup
    field:
      description: The field of the job, or the directive, that is at fault.
      type: str
      sample: command
    value:
      description: Its value, shortened. V(null) if there is none, and for what may be a secret.
      type: str
      sample: '"/usr/local/bin/report"'
    reason:
      description: Why it is wrong.
      type: str
      sample: does not exist on this host
    fix:
      description: How to fix it.
      type: str
      sample: install it before the job, or correct the path
    code:
      description: The code of the finding, for C(accept).
      type: str
      sample: missing-command
    severity:
      description:
        - V(error), V(environment) (what the host lacks, also an error), V(warning) or V(accepted).
        - With O(proof=warn), and in check mode, what the host lacks is a V(warning).
      type: str
      sample: environment
    message:
      description: The whole finding in one line.
      type: str
      sample: >-
        report: command "/usr/local/bin/report": does not exist on this host; install it before the job, or correct the
        path [missing-command]
finding_counts:
  description: How many findings stop the apply (V(error) and V(environment)), are warnings, and are accepted.
  returned: always, unless the host could not be examined
  type: dict
  sample: {errors: 1, warnings: 0, accepted: 0}
proof:
  description:
    - For each declared job, C(name), C(schedule_text), and the number of C(errors), C(warnings) and C(accepted).
  returned: always, unless the host could not be examined
  type: list
  elements: dict
  sample: [{name: report, schedule_text: every day at 06:00, errors: 1, warnings: 0, accepted: 0}]
orphans:
  description: Jobs that carry the owner mark but are not declared. Empty with O(prune=true), which removes them.
  returned: when the proof has passed and the apply has succeeded
  type: list
  elements: str
  sample: [old-report]
pruned:
  description: Jobs that O(prune) removed, or in check mode would remove.
  returned: when the proof has passed and the apply has succeeded
  type: list
  elements: str
  sample: [old-report]
declared:
  description:
    - For each owner mark, the jobs that were declared on the host in this run of Ansible. A second use of the role with
      the same mark and other jobs is an error if O(prune) would remove what the first use installed. Otherwise, it is a
      warning.
  returned: always, unless the host could not be examined
  type: dict
  sample: {default: [report, backup]}
diff:
  description: The change of each unit file, and one line for each job that changes in another way.
  returned: in diff mode, when the proof has passed and the apply has succeeded
  type: list
  elements: dict
undone:
  description: Whether the host is in its previous state, after an apply that failed.
  returned: when the apply has failed
  type: bool
  sample: true
waited:
  description: How many seconds the apply waited for another apply on this host to end. A warning also states this.
  returned: if it was more than a second
  type: float
  sample: 10.3
under_way:
  description: An apply is under way on this host, and what is shown may be out of date. A warning also states this.
  returned: in check mode, while an apply is under way
  type: bool
  sample: true
"""

import json
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._apply.transaction import ApplyFailed
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._converge.coordinator import converge_all
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.options import ARGUMENT_SPEC
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._job.request import parse_request
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._state.lock import LockBusy
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.encodable import encodable
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.calendar import use_host_zone
from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._systemd.runner import make_runner


def main() -> None:
    """Bring the host to the jobs that the action plugin has rendered."""
    module = AnsibleModule(
        # Ansible writes arguments to the system log, where unit files do not belong: hence no_log.
        argument_spec=dict(ARGUMENT_SPEC, jobs=dict(ARGUMENT_SPEC["jobs"], no_log=True)),
        supports_check_mode=True,
    )
    use_host_zone()
    # From the action plugin, as one text: the rendered jobs, and how to prove them.
    raw = json.loads(module.params["jobs"])
    request = parse_request(raw, module.params)
    check_mode = module.check_mode or raw["proof_only"]
    # The playbook `validate` asks what holds now.
    request = request._replace(is_forecast=module.check_mode and not raw["as_it_stands"])
    notes: dict[str, Any] = {}
    try:
        outcome = converge_all(make_runner, request, check_mode, with_diff=module._diff, notes=notes)
    except LockBusy as error:
        module.exit_json(failure=f"{error}; nothing was changed on this host", invocation={})
    except ApplyFailed as error:
        module.exit_json(
            failure=f"the apply failed: {error}; {error.aftermath}", undone=error.undone, invocation={}, **notes
        )
    # The action plugin makes the error: it knows the host's name, and the findings of its own side.
    module.exit_json(
        findings=encodable([found._asdict() for found in outcome.errors + outcome.warnings]),
        accepted=[found._asdict() for found in outcome.accepted],
        invocation={},
        **notes,
        **encodable(outcome.result),
    )


if __name__ == "__main__":
    main()
