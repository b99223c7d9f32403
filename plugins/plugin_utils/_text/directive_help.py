# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a directive of a unit file means, one plain sentence each; data, after the man pages that the parts name.

Those that the collection writes itself are all here, and those that users commonly add.
"""

from __future__ import annotations

from ansible_collections.dotmobi.systemd_timers.plugins.module_utils._syntax.unit_file import OWNER_SECTION

UNKNOWN = "See `man systemd.directives`, which says in what page it is described."
IGNORED = "For people and other programs; systemd passes over it."

# systemd.unit(5)
UNIT = {
    "Description": "The name that people see, in `systemctl status` and in the journal.",
    "Documentation": "Where more is written about the unit.",
    "After": "When these units are being started too, this one waits until they are up. It does not start them.",
    "Before": "When these units are being started too, they wait for this one.",
    "Wants": "These units are started along with this one. When one of them fails, this one runs all the same.",
    "Requires": "These units are started along with this one. When one of them cannot be started and stands in "
    "`After=` too, this one does not run.",
    "Requisite": "These units must be up already, or this one fails at once.",
    "BindsTo": "Like `Requires=`, and this unit is stopped when one of these goes away.",
    "PartOf": "When these units are stopped or restarted, so is this one.",
    "Conflicts": "These units and this one cannot be up together: starting one stops the other.",
    "Upholds": "As long as this unit is up, these are started again whenever they are down.",
    "OnFailure": "These units are started when the service has failed.",
    "OnSuccess": "These units are started when the service has ended well.",
    "RequiresMountsFor": "The file systems of these paths are mounted first; without them the unit does not run.",
    "WantsMountsFor": "The file systems of these paths are mounted first, if they can be.",
    "ConditionPathExists": "The run is skipped unless the path exists. `!` before it: unless it does not.",
    "ConditionPathExistsGlob": "The run is skipped unless some path matches the pattern.",
    "ConditionPathIsDirectory": "The run is skipped unless the path is a directory.",
    "ConditionPathIsSymbolicLink": "The run is skipped unless the path is a symbolic link.",
    "ConditionPathIsMountPoint": "The run is skipped unless something is mounted at the path.",
    "ConditionPathIsReadWrite": "The run is skipped while the file system of the path is read-only.",
    "ConditionFileNotEmpty": "The run is skipped unless the file is there and holds something.",
    "ConditionFileIsExecutable": "The run is skipped unless the file is there and can be executed.",
    "ConditionDirectoryNotEmpty": "The run is skipped unless the directory is there and holds something.",
    "ConditionACPower": "The run is skipped unless the host is on mains power. `false`: unless it is on battery.",
    "ConditionHost": "The run is skipped on hosts with another name or machine ID.",
    "ConditionVirtualization": "The run is skipped unless the host is such a virtual machine or container, or none.",
    "ConditionKernelCommandLine": "The run is skipped unless the kernel was booted with this option.",
    "ConditionUser": "The run is skipped unless the manager that runs the unit belongs to this user.",
    "ConditionMemory": "The run is skipped on hosts with another amount of memory.",
    "ConditionCPUs": "The run is skipped on hosts with another number of processors.",
    "ConditionArchitecture": "The run is skipped on hosts with another kind of processor.",
    "ConditionEnvironment": "The run is skipped unless systemd itself has the environment variable.",
    "ConditionFirstBoot": "The run is skipped unless the host boots for the first time.",
    "AssertPathExists": "The run fails unless the path exists.",
    "StartLimitIntervalSec": "The time in which starts are counted for `StartLimitBurst=`. 0: no limit.",
    "StartLimitBurst": "So many starts within `StartLimitIntervalSec=` are allowed; further ones are refused.",
    "JobTimeoutSec": "The start is given up when it has waited so long.",
    "RefuseManualStart": "Only other units can start this one, not a person.",
    "RefuseManualStop": "Only other units can stop this one, not a person.",
    "StopWhenUnneeded": "The unit is stopped when no other unit needs it.",
    "DefaultDependencies": "`no`: the unit does not wait for the usual parts of the boot.",
    "CollectMode": "When systemd forgets the unit. `inactive-or-failed`: also after a failure.",
    "SourcePath": "The file that the unit was made from.",
}

# systemd.service(5)
SERVICE = {
    "Type": "What counts as started. `oneshot`: a task that ends; it is being started until its command is done. "
    "`simple` and `exec`: the command goes on in the background.",
    "ExecStart": "The command that is the job. With `Type=oneshot` several are run one after the other.",
    "ExecStartPre": "A command before the job's own. When it fails, the job is not run, unless `-` stands before it.",
    "ExecStartPost": "A command after the job's own has succeeded.",
    "ExecCondition": "A command that decides whether the job runs: with exit status 0 it does, with 1 to 254 the run "
    "is skipped, with 255 it has failed.",
    "ExecStop": "A command that ends the service.",
    "ExecStopPost": "A command at the very end, also when the job has failed.",
    "TimeoutStartSec": "A run that takes longer is ended and has failed.",
    "TimeoutStopSec": "How long a run that is to end gets before it is killed.",
    "TimeoutSec": "`TimeoutStartSec=` and `TimeoutStopSec=` in one.",
    "RuntimeMaxSec": "A service that is up longer is ended. It does not count for `Type=oneshot`.",
    "Restart": "After which ends systemd itself starts the service again.",
    "RestartSec": "How long it waits before that.",
    "RestartPreventExitStatus": "Exit statuses and signals after which it is not started again.",
    "SuccessExitStatus": "Exit statuses and signals that count as success, besides 0.",
    "RemainAfterExit": "`yes`: the service stays up when its command has ended. A timer then does not start it again.",
    "OOMPolicy": "What becomes of the run when the kernel kills one of its processes for want of memory.",
    "GuessMainPID": "Whether systemd may guess which process is the main one.",
    "PIDFile": "The file in which the service says which process is the main one.",
    "NotifyAccess": "Which processes may tell systemd how the service is.",
    "WatchdogSec": "The service is ended when it has not reported for so long.",
}

# systemd.exec(5) and systemd.kill(5)
EXEC = {
    "User": "The account that the job runs as. Without it: root.",
    "Group": "The group that the job runs as. Without it: the main group of the account.",
    "SupplementaryGroups": "Further groups of the job.",
    "DynamicUser": "The job runs as an account that exists only while it runs.",
    "WorkingDirectory": "The directory that the job starts in; relative paths count from there.",
    "RootDirectory": "The directory that the job sees as `/`.",
    "RootImage": "The image of a file system that the job sees as `/`.",
    "Environment": "Variables that the job finds in its environment. Every user of the host can read them.",
    "EnvironmentFile": "A file with further variables. `-` before it: it need not be there.",
    "PassEnvironment": "Variables of systemd itself that the job gets too.",
    "UnsetEnvironment": "Variables that the job does not get.",
    "LoadCredential": "A secret that is read from a file for the job; it finds it in `$CREDENTIALS_DIRECTORY`.",
    "LoadCredentialEncrypted": "The same, of a file that only this host can decrypt.",
    "SetCredential": "A secret that stands in the unit file itself.",
    "SetCredentialEncrypted": "An encrypted secret that stands in the unit file itself.",
    "ImportCredential": "Secrets that the host itself was given, by a pattern of their names.",
    "StandardInput": "Where the job reads from. Without it there is nothing to read.",
    "StandardOutput": "Where its output goes. Without it, and with `journal`: to the journal; `journal+console`: also "
    "to the console of the host; `append:PATH`: to the end of a file.",
    "StandardError": "Where its error messages go. Without it: where the output goes.",
    "SyslogIdentifier": "The name that its lines bear in the journal. Without it: the program's.",
    "SyslogFacility": "The facility of its lines, as in syslog.",
    "SyslogLevel": "The priority of its lines in the journal, unless a line names one.",
    "SyslogLevelPrefix": "Whether `<3>` at the begin of a line sets its priority.",
    "LogLevelMax": "Lines that are less important are not kept in the journal.",
    "LogRateLimitIntervalSec": "The time in which lines are counted for `LogRateLimitBurst=`.",
    "LogRateLimitBurst": "So many lines in that time are kept; further ones are dropped.",
    "LogExtraFields": "Fields that each of its lines bears in the journal.",
    "LogNamespace": "The journal, apart from the host's own, that its lines go to.",
    "UMask": "The rights that files of the job do not get.",
    "Nice": "How modest the job is with the processor: 19 is the most modest, -20 the least.",
    "OOMScoreAdjust": "How early the kernel kills it for want of memory: 1000 first, -1000 never.",
    "IOSchedulingClass": "How the job gets the disk. `idle`: when nobody else wants it.",
    "IOSchedulingPriority": "Its turn at the disk within that class: 0 is the first, 7 the last.",
    "CPUSchedulingPolicy": "How the kernel shares the processor out to the job.",
    "CPUSchedulingPriority": "Its priority, with a realtime policy.",
    "CPUAffinity": "The processors that it may run on.",
    "TimerSlackNSec": "How late timers within the job may be.",
    "LimitNOFILE": "The most files that a process of the job can have open.",
    "LimitFSIZE": "The largest file that a process of the job can write.",
    "LimitNPROC": "The most processes that the job's account can have.",
    "LimitCORE": "The largest memory dump that a crash leaves.",
    "LimitAS": "The most address space of a process of the job.",
    "LimitMEMLOCK": "The most memory that a process of the job can lock.",
    "LimitCPU": "The most processor time of a process of the job.",
    "StateDirectory": "A directory below `/var/lib` that systemd makes for the job and gives to its account.",
    "StateDirectoryMode": "The rights of that directory.",
    "CacheDirectory": "A directory below `/var/cache` that systemd makes for the job and gives to its account.",
    "CacheDirectoryMode": "The rights of that directory.",
    "LogsDirectory": "A directory below `/var/log` that systemd makes for the job and gives to its account.",
    "LogsDirectoryMode": "The rights of that directory.",
    "RuntimeDirectory": "A directory below `/run` that is there while the job runs.",
    "RuntimeDirectoryMode": "The rights of that directory.",
    "RuntimeDirectoryPreserve": "Whether that directory stays after the run.",
    "ConfigurationDirectory": "A directory below `/etc` that systemd makes for the job.",
    "ConfigurationDirectoryMode": "The rights of that directory.",
    "ReadWritePaths": "Paths that the job can write in spite of the protection below.",
    "ReadOnlyPaths": "Paths that the job cannot write.",
    "InaccessiblePaths": "Paths that the job cannot see into.",
    "ExecPaths": "Paths whose programs the job can execute in spite of `NoExecPaths=`.",
    "NoExecPaths": "Paths whose programs the job cannot execute.",
    "BindPaths": "Paths of the host that the job finds in another place.",
    "BindReadOnlyPaths": "The same, and the job cannot write there.",
    "TemporaryFileSystem": "Paths where the job finds an empty file system, which goes with the run.",
    "ProtectSystem": "Directories of the system that the job cannot write. `full`: `/usr`, `/boot`, `/efi` and "
    "`/etc`; `strict`: nearly all there are.",
    "ProtectHome": "`read-only`: the job cannot write in home directories; `yes`: it does not see them.",
    "PrivateTmp": "The job has a `/tmp` and a `/var/tmp` of its own, which are removed after the run.",
    "PrivateMounts": "What the job mounts is not seen outside of it.",
    "PrivateDevices": "The job finds no disks and no other hardware in `/dev`.",
    "PrivateNetwork": "The job has no network but a loopback of its own.",
    "PrivateUsers": "The job sees no other accounts than its own and root.",
    "PrivateIPC": "The job shares no memory segments and queues with others.",
    "ProtectProc": "What the job sees of other processes in `/proc`. `invisible`: nothing of other accounts.",
    "ProcSubset": "`pid`: the job sees processes in `/proc`, and nothing else of the kernel.",
    "ProtectClock": "The job cannot set the clock.",
    "ProtectHostname": "The job cannot change the name of the host.",
    "ProtectKernelLogs": "The job cannot read the messages of the kernel.",
    "ProtectKernelModules": "The job cannot load kernel modules.",
    "ProtectKernelTunables": "The job cannot change settings of the kernel in `/proc` and `/sys`.",
    "ProtectControlGroups": "The job cannot write below `/sys/fs/cgroup`.",
    "NoNewPrivileges": "Nothing that the job starts can gain rights, as `sudo` would.",
    "RestrictNamespaces": "The job cannot make namespaces, and so no containers.",
    "RestrictRealtime": "The job cannot ask for realtime scheduling.",
    "RestrictSUIDSGID": "The job cannot make files that give their owner's rights to whoever runs them.",
    "RestrictAddressFamilies": "The kinds of sockets that the job can open.",
    "RestrictFileSystems": "The kinds of file systems that the job can open files on.",
    "LockPersonality": "The job cannot change how the kernel presents itself.",
    "MemoryDenyWriteExecute": "The job cannot have memory that is both written and executed.",
    "CapabilityBoundingSet": "Which of root's powers are left to the job, whoever it runs as. Empty: none.",
    "AmbientCapabilities": "Powers of root that the job has though it runs as another account.",
    "SystemCallArchitectures": "The processor architectures whose system calls it can use. `native`: the host's own.",
    "SystemCallFilter": "The system calls that the job can use; those after `~` it cannot use.",
    "SystemCallErrorNumber": "The error that a forbidden system call returns, instead of killing the job.",
    "SystemCallLog": "System calls that are noted in the log.",
    "KeyringMode": "Whose kernel keyring the job has.",
    "PAMName": "The PAM service that opens a session for the job.",
    "SELinuxContext": "The SELinux context that the job runs in.",
    "AppArmorProfile": "The AppArmor profile that the job runs under.",
    "KillMode": "Which processes get the signal when a run is ended. `control-group`: all; `mixed`: first the main "
    "one; `process`: the main one alone.",
    "KillSignal": "The signal that asks a run to end.",
    "FinalKillSignal": "The signal for processes that have not ended in time.",
    "SendSIGKILL": "Whether processes that have not ended in time are killed.",
    "SendSIGHUP": "Whether a run that is to end gets SIGHUP as well.",
    "IgnoreSIGPIPE": "Whether writing to a closed pipe is an error for the job and not its end.",
}

# systemd.resource-control(5)
RESOURCES = {
    "MemoryMax": "The most memory of the whole job; when it needs more, the kernel kills it.",
    "MemoryHigh": "When the job has more memory, it is slowed down and its memory is reclaimed.",
    "MemoryLow": "So much memory of the job is spared as long as others have some to give.",
    "MemoryMin": "So much memory of the job is never reclaimed.",
    "MemorySwapMax": "The most swap space of the job.",
    "MemoryAccounting": "Whether the memory of the job is measured.",
    "CPUQuota": "The most processor time: 100% is one whole processor.",
    "CPUWeight": "Its share of the processor when that is scarce; others have 100.",
    "CPUAccounting": "Whether the processor time of the job is measured.",
    "IOWeight": "Its share of the disks when they are busy; others have 100.",
    "IOReadBandwidthMax": "The most bytes per second that it can read from a disk.",
    "IOWriteBandwidthMax": "The most bytes per second that it can write to a disk.",
    "IOAccounting": "Whether what the job reads and writes is measured.",
    "TasksMax": "The most processes and threads of the job together.",
    "TasksAccounting": "Whether the processes of the job are counted.",
    "AllowedCPUs": "The processors that the job can use.",
    "Slice": "The group of units that the job shares its resources with.",
    "Delegate": "The job may divide its resources itself.",
    "IPAddressAllow": "The network addresses that the job can talk to.",
    "IPAddressDeny": "The network addresses that the job cannot talk to.",
    "IPAccounting": "Whether the network traffic of the job is measured.",
    "DevicePolicy": "Which devices the job can use besides those of `DeviceAllow=`.",
    "DeviceAllow": "Devices that the job can use.",
}

# systemd.timer(5)
TIMER = {
    "Unit": "The unit that the timer starts. Without it: the service of the same name.",
    "OnCalendar": "A time by the calendar at which the job is started. Each further line adds times.",
    "OnBootSec": "The job is started when the host has been up for so long.",
    "OnStartupSec": "The job is started when the manager that has the timer has been up for so long.",
    "OnActiveSec": "The job is started when the timer has been armed for so long.",
    "OnUnitActiveSec": "The job is started again so long after its last start.",
    "OnUnitInactiveSec": "The job is started again so long after its last end.",
    "OnClockChange": "The job is started when the clock of the host jumps.",
    "OnTimezoneChange": "The job is started when the time zone of the host changes.",
    "AccuracySec": "How much later than due systemd may start the job, to do several things in one go.",
    "RandomizedDelaySec": "The start is put off by a random time up to this, so that not all hosts begin at once.",
    "FixedRandomDelay": "That random time is the same each time, on this host.",
    "RandomizedOffsetSec": "All times are shifted by an amount up to this, which stays the same on a host.",
    "Persistent": "`true`: what was due while the host was down, or the timer stopped, is caught up by one run as "
    "soon as the timer is armed again.",
    "WakeSystem": "The host is woken from sleep when the job is due.",
    "RemainAfterElapse": "Whether the timer stays loaded when it has no further times.",
    "DeferReactivation": "Times that go by while the job still runs are dropped, not caught up at once.",
}

# systemd.unit(5)
INSTALL = {
    "WantedBy": "What starts the unit at boot once it is enabled: `timers.target` starts the armed timers; in a "
    "service it has no effect as long as nobody enables the service itself.",
    "RequiredBy": "Like `WantedBy=`, and that unit fails when this one cannot be started.",
    "UpheldBy": "Like `WantedBy=`, and this unit is started again whenever it is down.",
    "Alias": "Further names that the unit has once it is enabled.",
    "Also": "Units that are enabled and disabled together with this one.",
    "DefaultInstance": "The instance that is enabled when a template is enabled without one.",
}

# Ours: systemd passes over sections that begin with `X-`.
OWNER = {
    "Owner": "The owner mark: the declaration that manages this file. systemd passes over it. The collection changes "
    "and removes only files that bear its mark, so leave it as it is.",
    "Job": "The job that the file belongs to.",
    "Files": "Names of the files in that folder that are the job's own.",
    "Folder": "Where the job has files of its own.",
    "Hash": "A checksum of the file, by which a manual edit is noticed.",
    "Secrets": "Names of variables whose values are never shown.",
    "Units": "Further units of the job.",
    "Skips": "Which run is left out, because somebody has asked for that manually: from when on, and up to when.",
    "Changed": "Says that a playbook has changed the file manually. The next apply sets it right.",
}

BY_SECTION = {
    "Unit": UNIT,
    "Service": {**SERVICE, **EXEC, **RESOURCES},
    "Timer": TIMER,
    "Install": INSTALL,
    OWNER_SECTION: OWNER,
}


def directive_words(section: str, directive: str) -> str:
    """Return what a directive means in its section."""
    found = BY_SECTION.get(section, {}).get(directive)
    if found:
        return found
    return IGNORED if section.startswith("X-") or directive.startswith("X-") else UNKNOWN
