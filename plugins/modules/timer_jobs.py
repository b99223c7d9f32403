#!/usr/bin/python
# Copyright: (c) 2026, dotmobi.systemd_timers contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: timer_jobs
short_description: Installs scheduled jobs as systemd timers, proved before and evident after
version_added: 0.1.0
description:
  - Brings a host to a declared set of jobs. Each job is a pair of units, C(NAME.service) and C(NAME.timer).
  - First proves the whole set against the host's own systemd. One bad job stops the apply for that host. All errors
    are shown at once, and nothing has changed.
  - Then applies the set as one transaction. When a step fails, files, enablement and active timers are brought back to
    what they were.
  - At the end it reads back from systemd that each timer is loaded and active.
  - Never restarts a timer, and does not run a job because its schedule has changed, unless that is asked for.
  - Takes one module execution for each host, whatever the number of jobs. The role P(dotmobi.systemd_timers.timer#role)
    passes its variables to this module.
options:
  jobs:
    description:
      - The jobs, a list of dictionaries. A field that is not listed here is refused, and the nearest known name is
        suggested.
      - The type is C(raw) because the fields are checked by the collection's own code, which names the job at fault
        and shows all errors at once.
      - Not declared when left out. See O(prune).
    type: raw
    suboptions:
      name:
        description:
          - Names the units C(NAME.service) and C(NAME.timer), and merges entries of several lists into one job.
          - Letters, digits, C(-), C(_) and C(.), beginning with a letter or digit, at most 241 characters.
        type: str
        required: true
      description:
        description:
          - C(Description=) of the service. The timer's description adds the schedule in words. See systemd.unit(5).
          - The job's name when left out.
        type: str
      state:
        description:
          - V(present) installs the units, enables and starts the timer.
          - V(suspended) installs the units, and leaves the timer stopped and not enabled.
          - V(absent) stops the timer and removes both units. A run of the job that is under way is left to finish.
        type: str
        default: present
        choices: [present, suspended, absent]
      schedule:
        description:
          - When the job runs. A calendar expression, or a list of them, each one C(OnCalendar=) of the timer. See
            systemd.time(7).
          - An expression that is not valid, or that never elapses again, is an error.
          - Quote it in YAML. Without quotes V(10:30) is a number and a leading V(*) is an error.
          - A job needs one of C(schedule), C(every), C(every_after) and C(on_boot), a trigger in C(timer), or
            C(triggered_by).
        type: raw
      timezone:
        description:
          - Time zone of every expression in C(schedule), added to the end of each C(OnCalendar=), for example
            V(Europe/London). See systemd.time(7).
          - The host's own time zone when left out.
        type: str
      on_boot:
        description:
          - Runs the job this time span after the host has booted, for example V(5min). C(OnBootSec=) of the timer. See
            systemd.timer(5).
          - When it is the only trigger, and the host has been up for longer already, the timer is enabled and not
            started. The job runs after the next boot.
          - Together with C(every), the timer is started, and the first run is one C(every) later. Only after a boot
            does it begin with C(on_boot).
          - Together with a C(schedule) that is not C(persistent), systemd would run the job at once on a host that has
            been up for longer. That is refused, unless C(on_reschedule) is V(run).
        type: str
      every:
        description:
          - Runs the job again and again, this time span after the last run began, for example V(15min).
            C(OnUnitActiveSec=) of the timer. See systemd.timer(5).
          - The first run is one time span after the timer has started (C(OnActiveSec=)), after a boot at C(on_boot)
            when that is set and shorter. When systemd is reloaded before that run, the time span begins anew.
        type: str
      every_after:
        description:
          - Runs the job again and again, this time span after the last run has ended, for example V(20s).
            C(OnUnitInactiveSec=) of the timer. See systemd.timer(5). The first run is as with C(every).
        type: str
      triggered_by:
        description:
          - Names of jobs of the same declaration that start this one, a text or a list, in place of a C(schedule). The
            job has no timer. It starts after each run of one of them that has begun and succeeded. A run that was
            skipped does not count. While the job is still running, it is not started once more.
          - An empty list makes a job that only somebody starts by hand.
        type: raw
      persistent:
        description:
          - Whether a run that was missed while the host was off is made up for as soon as it is up again.
            C(Persistent=) of the timer. See systemd.timer(5).
          - Counts for C(schedule) only. A job without one gets no such line.
        type: bool
        default: true
      accuracy:
        description:
          - How much later than its time the timer may elapse, a time span. C(AccuracySec=) of the timer. See
            systemd.timer(5).
        type: str
        default: 1s
      jitter:
        description:
          - Delays each run by a random time up to this time span. C(RandomizedDelaySec=) of the timer. See
            systemd.timer(5).
          - No delay when left out.
        type: str
      fixed_jitter:
        description:
          - Whether the delay of C(jitter) stays the same on a host. C(FixedRandomDelay=) of the timer, written when
            C(jitter) is set. See systemd.timer(5).
          - When V(false), every reload of systemd draws the delay anew.
        type: bool
        default: true
      spread:
        description:
          - Moves each run by a fixed time below V(hour), V(day) or a time span such as V(30min), so that many hosts do
            not do the same at the same moment. It is computed from the host's inventory name and the job's name, so it
            is another one on each host, and stays the same.
          - Added to the time of day of each expression in C(schedule), so it shows in C(OnCalendar=) of the timer. An
            expression that would leave its day is an error, unless it is for every day or for days of the week. See
            systemd.time(7).
          - Not moved when left out.
        type: str
      on_reschedule:
        description:
          - What happens when the new schedule of an armed timer would make systemd run the job at once, because it
            has an elapse between the last one and now.
          - V(skip) prevents that run. V(run) lets it happen. V(fail) makes it an error of the proof.
          - The value that holds for all jobs when left out.
        type: str
        choices: [skip, run, fail]
      on_remove:
        description:
          - What becomes of a run that is under way when the job is removed with V(absent) as C(state).
          - V(finish) leaves it to finish as it began, with its limits, stop commands, notices and files.
            V(stop) stops the service, see systemd.kill(5).
          - Jobs that are pruned are always left to finish.
        type: str
        default: finish
        choices: [finish, stop]
      run_on_install:
        description:
          - Whether the job runs once when an apply installs it. Not at later applies, and not when it is renamed,
            changed or armed again. The result and check mode say so. The apply does not wait for that run.
          - A new job that follows another one which runs then (see C(triggered_by)) is left to the run of that one.
        type: bool
        default: false
      after_last_run:
        description:
          - What becomes of the job once its last elapse has run, for a C(schedule) that has one, such as one date.
          - V(keep) leaves it on the host, where it is shown as done. V(remove) removes it with the next apply after
            that, unless that run is under way, has failed or was interrupted. The declaration can stay in either case.
        type: str
        default: keep
        choices: [keep, remove]
      renamed_from:
        description:
          - The name that this job had before. The pair of that name is removed, and what systemd knows of its last run
            (the stamp of a persistent timer, see systemd.timer(5)) is carried over. So no run is lost, and none is
            doubled.
          - Without effect when the host has no such pair, so it can stay there.
          - A pair of another declaration is refused while this job is not installed, since both would run. It is
            removed when C(take_over_from) names that declaration.
        type: str
      take_over_from:
        description:
          - Owner mark of another declaration from which this job is taken over on purpose. Without it, a job that
            belongs to another declaration is refused.
          - Take the job out of the other declaration as well.
        type: str
      accept:
        description:
          - Codes of findings of the proof that are right for this job, a text or a list, for example
            V(missing-command). They are neither errors nor warnings for this job any more, and are counted as accepted.
          - What could not work at all cannot be accepted. The codes are listed in C(docs/findings.md) of the
            collection.
        type: raw
      command:
        description:
          - What the job runs. C(ExecStart=) of the service. Required, unless C(service) has C(ExecStart).
          - A text is in systemd's own command syntax, where C(%) and C($) have a meaning. See systemd.service(5),
            Command lines.
          - A list is a program and its arguments. They reach the process exactly as written. There is no shell.
        type: raw
      commands:
        description:
          - Several commands in place of C(command), a list. Each is a text or a list as in C(command).
          - One begins when the one before it has succeeded. The first that fails ends the run, and is named in the
            journal, in the results and in notices. C(timeout) is the limit of all of them together, and an attempt of
            C(retries) begins with the first.
        type: list
        elements: raw
      script:
        description:
          - A script that is deployed with the job, in place of C(command). C(ExecStart=) of the service runs it. It is
            root's, with mode 0755, replaced in the same transaction as the unit files, and removed with the job. A
            changed script does not touch the timer.
          - C(content) is the text of the script. C(src) is a file on the controller in its place, looked for as C(src)
            of M(ansible.builtin.copy) is.
          - C(interpreter) is the program that runs it, a text or a list, by default what its C(#!) line says, or
            C(/bin/sh). C(args) is a list of arguments, and each reaches the script exactly as written.
        type: dict
      working_directory:
        description:
          - Directory that the command starts in. C(WorkingDirectory=) of the service. See systemd.exec(5).
          - An absolute path, or V(~) for the user's home directory. A C(-) before it lets the directory be missing.
        type: str
      user:
        description:
          - User that the command runs as, a name or a number. C(User=) of the service. See systemd.exec(5).
          - Root when left out.
        type: str
      group:
        description:
          - Group that the command runs as, a name or a number. C(Group=) of the service. See systemd.exec(5).
          - The user's own group when left out.
        type: str
      scope:
        description:
          - Whose manager runs the job. V(system) is systemd itself. V(user) is the user manager of the account in
            C(user), see C(user@.service) and systemd.unit(5).
          - With V(user) the units and files are in the home directory of the account, and belong to it. The manager is
            made to run without a login (C(loginctl enable-linger)). C(group) and C(network_online) are refused.
        type: str
        default: system
        choices: [system, user]
      environment:
        description:
          - Environment variables, names and values. Each is one C(Environment=) of the service. See systemd.exec(5).
          - A value reaches the process exactly as written. V(null) takes out a variable that a list below has set.
          - Every user of the host can read these values, less those that C(secrets) names.
        type: dict
      secrets:
        description:
          - Names of variables whose values are secret, a text or a list. Their values are hidden in diffs, messages and
            results, as are those of variables that look like a secret, for example V(API_TOKEN).
          - Those that stand in C(environment) are not written to the unit file. They go to a file of the job that only
            root can read, and C(EnvironmentFile=) of the service names it.
        type: raw
      environment_file:
        description:
          - File with more environment variables. C(EnvironmentFile=) of the service. See systemd.exec(5).
          - A text is the path of a file on the host. An absolute path. A C(-) before it lets the file be missing.
            Systemd reads it as a pattern. A backslash before C(*), C(?), C([) or a backslash makes them plain.
          - A dictionary with C(content), the lines of the file, or C(src), a file on the controller. It is deployed
            with the job, and only root can read it.
        type: raw
      credentials:
        description:
          - Credentials by name. C(LoadCredential=) or C(LoadCredentialEncrypted=) of the service. See systemd.exec(5).
            The job reads each as the file C($CREDENTIALS_DIRECTORY/NAME).
          - Each is a dictionary with one of C(content), the text itself; C(src), a file on the controller;
            C(encrypted), what C(systemd-creds encrypt) of systemd 250 or newer printed on that host; and C(path), a
            file on the host.
          - All but C(path) are deployed with the job, as files that only root can read, and removed with it.
        type: dict
      network_online:
        description:
          - Whether the job waits until the network is up. C(After=) and C(Wants=) of the service, both
            C(network-online.target). See systemd.special(7).
        type: bool
        default: false
      output:
        description:
          - Where the command's output and errors go, for example V(journal) or V(append:/var/log/job.log).
            C(StandardOutput=) and C(StandardError=) of the service. See systemd.exec(5).
          - V(log) appends them to the file C(NAME.log) in the log directory of the host.
          - systemd's own default when left out, which is the journal.
        type: str
      timeout:
        description:
          - The longest that a run may last, a time span such as V(1h). Then it is stopped and has failed, with the
            result C(timeout). C(TimeoutStartSec=) of the service. See systemd.service(5).
          - No limit when left out.
        type: str
      kill_after:
        description:
          - How long a run that is to stop, for example after C(timeout), has to end by itself after C(SIGTERM). Then it
            gets C(SIGKILL). A time span. C(TimeoutStopSec=) of the service. See systemd.service(5).
          - systemd's own default when left out, which is 90 s on most hosts.
        type: str
      retries:
        description:
          - Runs the command again when it has failed. All attempts are one run of the service, so that C(OnFailure=)
            comes once, after the last one, whose exit status is that of the run. C(ExecStart=) of the service. See
            systemd.service(5).
          - A number says how often to try again. A dictionary has C(attempts) (all of them, the first included),
            C(delay) before the second (default V(10s)), C(backoff), a factor by which each further delay is longer
            (default V(1)), and C(max_delay) (default V(1h)).
          - A time limit counts for each attempt, and the processes that an attempt leaves are ended before the next
            one. The journal tells of each attempt. The host needs C(/usr/bin/python3).
        type: raw
      concurrency:
        description:
          - What happens when the job is due while a run of it is under way. V(queue) (systemd's own way, the default)
            starts it once more as soon as that run has ended. V(forbid) skips that run, and says so in the journal.
            V(replace) stops the run that is under way, and starts the job anew. See systemd.timer(5).
          - A dictionary has C(policy), which is one of these, and C(group), the name of a group of jobs that wait for
            each other in the order of their arrival, with C(group_limit), how many of them run at once (default V(1)),
            and C(group_wait), after which a run that still waits has failed (default V(1h)).
          - C(ExecCondition=) and C(ExecStopPost=) of the service, with V(replace) also the unit
            C(NAME-replace.service), which the timer starts. See systemd.service(5).
        type: raw
      starting_deadline:
        description:
          - By how much a run may be late, a time span. A later one is skipped and does not fail, for example after a
            downtime, or when it has waited too long in a group. The journal tells of it. C(accuracy) and C(jitter) do
            not count. C(ExecCondition=) of the service. See systemd.service(5).
          - Needs C(schedule) alone. A run that is started by hand is never late.
          - No deadline when left out.
        type: raw
      skip_next:
        description:
          - Leaves out runs that the timer starts. A date such as V(2027-01-01) leaves out every run of that day, in
            the time zone of the schedule. Any other word, such as the number of a change, leaves out the next run,
            once for each word. C(ExecCondition=) of the service. See systemd.service(5).
          - A run that is started by hand is not skipped.
        type: raw
      limits:
        description:
          - What the job may use, by name, for example C(memory) with V(512M), C(tasks) with V(50). The names are
            C(memory), C(memory_high), C(swap), C(cpu), C(cpu_weight), C(io_weight), C(io_class), C(nice), C(tasks),
            C(open_files) and C(file_size).
          - They become C(MemoryMax=), C(MemoryHigh=), C(MemorySwapMax=), C(CPUQuota=), C(CPUWeight=), C(IOWeight=),
            C(IOSchedulingClass=), C(Nice=), C(TasksMax=), C(LimitNOFILE=) and C(LimitFSIZE=) of the service. See
            systemd.resource-control(5) and systemd.exec(5).
          - No limits but the host's own when left out.
        type: dict
      hardening:
        description:
          - A sandbox for the job, made of many directives of the service. They are listed in C(docs/hardening.md) of
            the collection, see also systemd.exec(5). V(standard) suits most jobs. V(strict) lets a job write nothing
            but its own directories, and takes all capabilities from it.
          - Other fields and C(service) win over its directives.
          - The result has the exposure that C(systemd-analyze security) finds, where systemd is 250 or newer.
        type: str
        default: none
        choices: [none, standard, strict]
      state_directory:
        description:
          - A directory of the job, or a list of them, made by systemd before each run and given to the job's user. A
            relative path, below C(/var/lib). C(StateDirectory=) of the service. See systemd.exec(5). The job finds it
            in C($STATE_DIRECTORY).
        type: raw
      cache_directory:
        description:
          - A directory of the job, or a list of them, made by systemd before each run and given to the job's user. A
            relative path, below C(/var/cache). C(CacheDirectory=) of the service. See systemd.exec(5). The job finds it
            in C($CACHE_DIRECTORY).
        type: raw
      logs_directory:
        description:
          - A directory of the job, or a list of them, made by systemd before each run and given to the job's user. A
            relative path, below C(/var/log). C(LogsDirectory=) of the service. See systemd.exec(5). The job finds it in
            C($LOGS_DIRECTORY).
        type: raw
      runtime_directory:
        description:
          - A directory of the job, or a list of them, made by systemd before each run and given to the job's user. A
            relative path, below C(/run). C(RuntimeDirectory=) of the service. See systemd.exec(5). The job finds it in
            C($RUNTIME_DIRECTORY).
          - It is removed when the run has ended.
        type: raw
      writable_paths:
        description:
          - Absolute paths that the job may write though C(hardening) or C(ProtectSystem=) makes all else read-only, a
            text or a list. C(ReadWritePaths=) of the service. See systemd.exec(5).
          - A path must exist on the host, unless a C(-) stands before it. Owner and mode hold as ever.
        type: raw
      conditions:
        description:
          - What must hold when the job is due, by name, for example C(path_exists) with V(/srv/data). Else the run is
            skipped, and has not failed. The names are C(ac_power), C(host), C(path_exists), C(path_is_directory),
            C(path_is_mount_point), C(file_not_empty), C(directory_not_empty), C(virtualization) and C(command).
          - They become C(ConditionACPower=), C(ConditionHost=) and so on of the service, see systemd.unit(5), and
            C(ExecCondition=), see systemd.service(5).
          - A value can be a list, of which all must hold. C(!) before a text negates it. C(command) is a command as in
            the field of that name. Exit status 0 lets the job run, 1 to 254 skip it.
        type: dict
      on_failure:
        description:
          - Who is told when a run has failed, once for each run, after the last retry. C(OnFailure=) of the service.
            See systemd.unit(5).
          - C(mail) is an address, a list of them, or a dictionary with C(to) and C(from). It goes through
            C(/usr/sbin/sendmail) of the host.
          - C(webhook) is an address, or a dictionary with C(url) and C(headers), or a list of these. It gets the facts
            as JSON with a POST request. In the place of an address or the text of a header there can be a dictionary
            with C(credential), the name of a credential of the job, or with C(path), a file on the host; C(prefix) is
            put before what is read, for example V(Bearer ).
          - In place of the facts, C(webhook) sends what C(format) names, a message as V(slack), V(discord), V(teams),
            V(ntfy) or V(matrix) takes it, or C(body), a text, or a dictionary or list that becomes JSON. In a body,
            C({job}), C({summary}) and the other facts stand for those of the run.
          - C(command) is a program and its arguments, a text or a list. Root runs it, with the facts as JSON on its
            input and in variables such as C(TIMER_JOB) and C(TIMER_RESULT).
          - C(unit) is the name of a unit, or a list of names, which systemd starts, for example V(alert@%n.service).
          - C(lines) is how many of the last lines of that run in the journal are told, 20 when left out.
          - C(only) is V(timer) when only runs that the timer has started are told, V(any) when left out.
          - A run that a condition has skipped is neither a failure nor a success. Nobody is told when left out.
        type: dict
      on_success:
        description:
          - Who is told when a run has succeeded, in the same way as with C(on_failure). C(OnSuccess=) of the service.
            See systemd.unit(5). Needs systemd 249 or newer.
          - Nobody is told when left out.
        type: dict
      heartbeat:
        description:
          - A monitor that is pinged at each success and failure, such as healthchecks.io, so that it notices also a job
            that does not run at all. C(OnFailure=) and C(OnSuccess=) of the service. See systemd.unit(5). Needs systemd
            249 or newer.
          - A text is the address of the ping. A success asks for that address, a failure for C(/fail) below it. In its
            path C({job}) and C({host}) stand for the names of job and host.
          - A dictionary with C(url), an address as in a webhook of C(on_failure); C(start), whether C(/start) is pinged
            when a run begins, V(false) when left out; and C(exit_status), whether a ping ends in the exit status, such
            as C(/0) and C(/3), V(false) when left out.
          - A ping can neither fail nor delay the job. No pings when left out.
        type: raw
      unit:
        description:
          - Directives for the service's C([Unit]) section, by their own names. See systemd.unit(5).
          - A list repeats a directive. V(null) removes the line that another field writes. They win over the other
            fields, and are written as they stand.
          - A directive that the host's systemd does not know is an error. This holds for C(service), C(timer) and
            C(install) as well.
        type: dict
      service:
        description:
          - Directives for the service's C([Service]) section, in the same way as C(unit). See systemd.service(5) and
            systemd.exec(5).
        type: dict
      timer:
        description:
          - Directives for the timer's C([Timer]) section, in the same way as C(unit). See systemd.timer(5).
        type: dict
      install:
        description:
          - Directives for the service's C([Install]) section, in the same way as C(unit). See systemd.unit(5).
          - The service has no such section when left out. The service itself is never enabled, only its timer is.
        type: dict
  group_jobs:
    description:
      - More jobs, with the fields of O(jobs). They are merged by name with the jobs of O(jobs), field by field, and
        win over them.
      - A dictionary field (C(environment), C(credentials), C(retries), C(concurrency), C(limits), C(conditions),
        C(on_failure), C(on_success), C(heartbeat), C(unit), C(service), C(timer), C(install)) is merged key by key,
        any other value is replaced. V(null) takes a field out again.
    type: raw
  host_jobs:
    description:
      - Still more jobs, in the same way. They win over O(group_jobs) and O(jobs).
    type: raw
  defaults:
    description:
      - Fields of O(jobs) that stand under every job, all but C(name). A job that sets a field wins over them.
    type: raw
    default: {}
  owner:
    description:
      - Marks which declaration a unit file belongs to. Only units with this mark are changed or removed.
      - Give each declaration its own mark when several of them manage jobs on the same host.
      - Letters, digits, C(-), C(_) and C(.), beginning with a letter or digit.
    type: str
    default: default
  prune:
    description:
      - Whether jobs are removed that carry the owner mark and are declared no more. They are reported when V(false).
      - Without any list (O(jobs), O(group_jobs), O(host_jobs)) nothing is removed. An empty list V([]) says that there
        are no jobs; V(null) does not.
    type: bool
    default: false
  prune_limit:
    description:
      - How many jobs O(prune) may remove from a host in one apply. More is an error, and nothing is changed.
      - When left out, it may remove up to three, or up to half of the jobs of this owner on the host. So a list that
        was lost or cut does not take the jobs with it.
      - The jobs of the system and those of each account's user manager are counted apart.
    type: int
  proof:
    description:
      - V(strict) makes what the host lacks an error. That is a command, script, user, group, directory, environment
        file or handler which is not there, or which the job's user cannot reach.
      - V(warn) makes it a warning, for jobs that are installed before what they need. Everything else remains as it is.
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
      - Directory on the host for the unit files. It must be one that systemd reads units from. See systemd.unit(5).
    type: path
    default: /etc/systemd/system
  files_directory:
    description:
      - Directory on the host for the files that jobs have beside their units, such as scripts and credentials. Each
        such job has a folder of its own in it. All that lies in the folder is the collection's, and goes when the job
        does.
    type: path
    default: /etc/dotmobi.systemd_timers
  log_directory:
    description:
      - A directory on the host that the jobs log to. It is made when it is set and missing, with mode 0755, and is
        never removed.
    type: path
  log_keep:
    description:
      - How many rotated files to keep of each C(*.log) in O(log_directory). Above 0, one more job is installed,
        C(log-rotation) (with another owner mark than V(default), C(log-rotation-OWNER)). Each day it makes
        C(NAME.log.1) of C(NAME.log), C(NAME.log.2.gz) of that, and so on. Files that are empty are left alone.
      - With V(0) nothing is rotated.
    type: int
    default: 0
  service_template:
    description:
      - Jinja2 template for the service, on the controller, in place of the one of this collection. It is looked for
        as C(src) of M(ansible.builtin.template) is.
      - It gets one variable, C(job), with all fields. Ansible's own variables and filters are not known in it.
      - Jobs with C(retries), C(concurrency), C(starting_deadline) or C(skip_next) need what C(job.helpers) holds, as
        the template of this collection writes it.
    type: path
  unit_template:
    description:
      - Jinja2 template for the timer, in the same way.
    type: path
requirements:
  - systemd 247 or newer on the host, running as PID 1
  - Python 3.8 or newer on the host
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  action:
    description: An action plugin of the same name does a part of the work on the controller.
    support: full
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
notes:
  - It must run as root, so use C(become) where the connection is not root's.
  - The action plugin merges and checks the jobs and renders the unit files on the controller. The host proves and
    applies them.
  - Two applies on the same host wait for each other, for up to two minutes. A warning says how long it was.
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

- name: Say once what all jobs have in common
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

- name: Pause one job, remove another
  dotmobi.systemd_timers.timer_jobs:
    jobs:
      - name: queue-poll
        every: 5min
        command: /usr/local/bin/queue-poll
        state: suspended
      - name: old-report
        state: absent
  become: true

- name: Use any directive of systemd by its own name
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
    - One entry for each declared job, in order, and for each one that was pruned.
    - In check mode, what C(active), C(next_elapse) and C(last_trigger) say is from before the change.
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
      description: What systemd says of the timer, active state and substate.
      type: str
      sample: active (waiting)
    armed:
      description:
        - Whether the timer is armed, V(now) or V(no). V(queued) when its start waits for another unit, as on a host
          that boots, or whose clock is not set yet. V(next-boot) when it counts from a boot that is long past, so that
          the next boot starts it. V(done) when its last elapse has run.
        - Of a job without a timer V(triggered), when other jobs start it, or V(by-hand).
      type: str
      sample: now
    user:
      description: The account whose user manager has the job. Only there for jobs with C(scope) V(user).
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
        - By how much C(spread) moves the job on this host, a time span. It is part of C(schedule) already. V(null) when
          the job is not spread.
      type: str
      sample: 17min 23s
    next_elapse:
      description: When the timer elapses next, ISO 8601 in the time zone of the host. V(null) when it has no such time.
      type: str
      sample: "2027-02-01T08:00:00+01:00"
    skipped_elapse:
      description: The elapse whose run is skipped, as the playbook C(skip_next) has asked for, in the same form.
        V(null) when there is none.
      type: str
      sample: "2027-02-01T08:00:00+01:00"
    last_trigger:
      description: When the timer elapsed last, in the same form. V(null) when nobody knows. The time at which an apply
        has armed the timer, which systemd shows for it, is none.
      type: str
      sample: "2027-01-25T08:00:00+01:00"
    missed_elapse:
      description:
        - The elapse that has gone by and that makes systemd run the job at once, unless it is kept from it. In the same
          form. V(null) when there is none.
      type: str
      sample: "2027-01-25T08:00:00+01:00"
    runs_now:
      description:
        - Whether this apply runs the job for it, or because it is new, or in check mode would. See C(on_reschedule) and
          C(run_on_install).
      type: bool
      sample: false
    exposure:
      description:
        - For a job with C(hardening), how exposed it is, from 0.0 to 10.0, as C(systemd-analyze security) rates it.
        - V(null) for other jobs, and where systemd is older than 250.
      type: float
      sample: 1.6
    changed:
      description: Whether something was done to this job.
      type: bool
      sample: true
    actions:
      description:
        - What was done to it, or in check mode would be. Empty when nothing.
        - Any of V(install), V(update), V(remove), V(correct owner and mode), V(reschedule), V(reload), V(arm),
          V(disarm), V(enable), V(disable), V(run), V(disable the service itself), V(reset its failure),
          V(let its run finish), V(clean up after its run) and V(stop its run).
        - For a file of the job also V(install), V(update) or V(remove) with its name, for example V(update script), and
          V(remove its folder).
      type: list
      elements: str
      sample: [install, arm, enable]
findings:
  description:
    - What the proof has found, host first, then job by job, errors before warnings, and at the end what the jobs
      accept.
  returned: always, unless the host could not be looked at
  type: list
  elements: dict
  contains:
    job:
      description: The job, empty when it is about the host as a whole.
      type: str
      sample: it-glue-backup
    field:
      description: The field of the job, or the directive, where the fault is.
      type: str
      sample: command
    value:
      description: What stands there, shortened. V(null) when there is nothing, and for what may be a secret.
      type: str
      sample: '"/usr/local/bin/report"'
    reason:
      description: Why that is wrong.
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
        - V(error), V(environment) (what the host lacks; an error too), V(warning) or V(accepted).
        - With O(proof) V(warn), and in check mode, what the host lacks is a V(warning).
      type: str
      sample: environment
    message:
      description: All of it in one line.
      type: str
      sample: >-
        report: command "/usr/local/bin/report": does not exist on this host; install it before the job, or correct the
        path [missing-command]
finding_counts:
  description: How many findings stop the apply (V(error) and V(environment)), are warnings, and are accepted.
  returned: always, unless the host could not be looked at
  type: dict
  sample: {errors: 1, warnings: 0, accepted: 0}
proof:
  description:
    - For each declared job C(name), C(schedule_text), and the number of C(errors), C(warnings) and C(accepted).
  returned: always, unless the host could not be looked at
  type: list
  elements: dict
  sample: [{name: report, schedule_text: every day at 06:00, errors: 1, warnings: 0, accepted: 0}]
orphans:
  description: Jobs that carry the owner mark and are not declared. Empty when O(prune) is V(true), which removes them.
  returned: when the proof has passed and the apply has succeeded
  type: list
  elements: str
  sample: [old-report]
pruned:
  description: Jobs that O(prune) has removed, or in check mode would.
  returned: when the proof has passed and the apply has succeeded
  type: list
  elements: str
  sample: [old-report]
declared:
  description:
    - For each owner mark the jobs that were declared on the host in this run of Ansible. A second use of the role with
      the same mark and other jobs is an error when O(prune) would remove what the first has installed, and else a
      warning.
  returned: always, unless the host could not be looked at
  type: dict
  sample: {default: [report, backup]}
diff:
  description: The change of each unit file, and one line for each job that changes in another way.
  returned: in diff mode, when the proof has passed and the apply has succeeded
  type: list
  elements: dict
undone:
  description: Whether the host stands as before, after an apply that failed.
  returned: when the apply has failed
  type: bool
  sample: true
waited:
  description: How many seconds it waited for another apply on this host to end. A warning says so too.
  returned: when it was more than a second
  type: float
  sample: 10.3
under_way:
  description: An apply is under way on this host, so what is shown may be out of date. A warning says so too.
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
