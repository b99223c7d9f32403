# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What directives there are, since when, and which values they take: tables, and the fixes that follow from them.

The names are those of `systemd --dump-configuration-items` of systemd 247, 252, 257 and 262. Versions and values are
from the man pages of systemd 262: systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.kill(5),
systemd.resource-control(5), systemd.timer(5). Where several directives share one entry there, NEWS tells the version.
"""

from __future__ import annotations

import difflib
from typing import Iterable, Mapping, NamedTuple

SECTIONS = ("Unit", "Service", "Timer", "Install")

_NEW = {
    ("Unit", 248): "ConditionCPUFeature",
    ("Unit", 249): "ConditionFirmware ConditionOSRelease OnSuccess PropagatesStopTo StopPropagatedFrom Upholds",
    ("Unit", 250): """
        AssertCPUPressure AssertIOPressure AssertMemoryPressure
        ConditionCPUPressure ConditionIOPressure ConditionMemoryPressure""",
    ("Unit", 252): "AssertCredential ConditionCredential",
    ("Unit", 255): "SurviveFinalKillSignal",
    ("Unit", 256): "WantsMountsFor",
    ("Unit", 258): "ConditionKernelModuleLoaded ConditionVersion",
    ("Unit", 260): "AssertPathIsSocket ConditionPathIsSocket",
    ("Unit", 261): "ConditionFraction ConditionMachineTag",
    ("Service", 248): "ExecPaths ExtensionImages IPCNamespacePath ManagedOOMPreference NoExecPaths PrivateIPC",
    ("Service", 249): "BPFProgram SocketBindAllow SocketBindDeny",
    ("Service", 250): """
        ExecSearchPath ExitType LoadCredentialEncrypted RestrictFileSystems RestrictNetworkInterfaces
        RuntimeRandomizedExtraSec SetCredentialEncrypted StartupAllowedCPUs StartupAllowedMemoryNodes TTYColumns
        TTYRows""",
    ("Service", 251): "ExtensionDirectories",
    ("Service", 253): "LogFilterPatterns MemoryZSwapMax OpenFile ReloadSignal",
    ("Service", 254): """
        DelegateSubgroup ExtensionImagePolicy FileDescriptorStorePreserve ImportCredential MemoryKSM
        MemoryPressureThresholdSec MemoryPressureWatch MountImagePolicy RestartMaxDelaySec RestartMode RestartSteps
        RootEphemeral RootImagePolicy StartupMemoryHigh StartupMemoryLow StartupMemoryMax StartupMemorySwapMax
        StartupMemoryZSwapMax""",
    ("Service", 255): "CoredumpReceive NFTSet SetLoginEnvironment",
    ("Service", 256): "MemoryZSwapWriteback",
    ("Service", 257): "BindLogSockets ManagedOOMMemoryPressureDurationSec PrivatePIDs",
    ("Service", 258): """
        BPFDelegateAttachments BPFDelegateCommands BPFDelegateMaps BPFDelegatePrograms CacheDirectoryAccounting
        CacheDirectoryQuota DelegateNamespaces LogsDirectoryAccounting LogsDirectoryQuota PrivateBPF
        StateDirectoryAccounting StateDirectoryQuota""",
    ("Service", 259): "ExecReloadPost UserNamespacePath",
    ("Service", 260): "BindNetworkInterface MemoryTHP RefreshOnReload RootMStack",
    ("Service", 261): """
        CPUPressureThresholdSec CPUPressureWatch CPUSetPartition IOPressureThresholdSec IOPressureWatch OOMRules""",
    ("Service", 262): "LUOSession RestartRandomizedDelaySec",
    ("Timer", 257): "DeferReactivation",
    ("Timer", 258): "RandomizedOffsetSec",
    ("Install", 254): "UpheldBy",
}
# Section, then directive: the first version that takes it. Only what is newer than the oldest supported version, 247.
SINCE: dict[str, dict[str, int]] = {section: {} for section in SECTIONS}
for (_section, _version), _names in _NEW.items():
    SINCE[_section].update(dict.fromkeys(_names.split(), _version))

# No source names the version in which these came; the one here takes them, the one captured before it does not.
FIRST_SEEN: dict[str, dict[str, int]] = {
    "Unit": {
        "AssertCPUFeature": 252,
        "AssertOSRelease": 252,
        "OnSuccessJobMode": 252,
        "AssertFraction": 262,
        "AssertKernelModuleLoaded": 262,
        "AssertMachineTag": 262,
        "AssertVersion": 262,
    },
    "Service": {"ManagedOOMMemoryPressureLimit": 252},
    "Timer": {},
    "Install": {},
}


class Removed(NamedTuple):
    """A directive of [Service] that newer versions do not take: the first of them (0: unknown), and what to write."""

    version: int
    instead: str


# Those of cgroup v1 went with its support, in 258 (NEWS).
REMOVED = {
    "BlockIOAccounting": Removed(258, "IOAccounting"),
    "BlockIODeviceWeight": Removed(258, "IODeviceWeight"),
    "BlockIOReadBandwidth": Removed(258, "IOReadBandwidthMax"),
    "BlockIOWeight": Removed(258, "IOWeight"),
    "BlockIOWriteBandwidth": Removed(258, "IOWriteBandwidthMax"),
    "CPUShares": Removed(258, "CPUWeight"),
    "MemoryLimit": Removed(258, "MemoryMax"),
    "StartupBlockIOWeight": Removed(258, "StartupIOWeight"),
    "StartupCPUShares": Removed(258, "StartupCPUWeight"),
    "CPUAccounting": Removed(0, ""),
    "DefaultMemoryLow": Removed(0, ""),
    "DefaultMemoryMin": Removed(0, ""),
    "DefaultStartupMemoryLow": Removed(0, ""),
    "ManagedOOMMemoryPressureLimitPercent": Removed(0, "ManagedOOMMemoryPressureLimit"),
}

# What people write, in small letters, and what they mean; only where likeness of the names would mislead.
MEANT = {
    "Unit": {
        "depends": "Requires",
        "dependson": "Requires",
        "desc": "Description",
        "name": "Description",
        "onerror": "OnFailure",
    },
    "Service": {
        "cmd": "ExecStart",
        "command": "ExecStart",
        "cpu": "CPUQuota",
        "cpulimit": "CPUQuota",
        "cwd": "WorkingDirectory",
        "directory": "WorkingDirectory",
        "env": "Environment",
        "exec": "ExecStart",
        "execpost": "ExecStartPost",
        "execpre": "ExecStartPre",
        "execute": "ExecStart",
        "ionice": "IOSchedulingClass",
        "memory": "MemoryMax",
        "output": "StandardOutput",
        "path": "WorkingDirectory",
        "runas": "User",
        "runtimemax": "TimeoutStartSec",
        "start": "ExecStart",
        "stderr": "StandardError",
        "stdin": "StandardInput",
        "stdout": "StandardOutput",
        "timeout": "TimeoutStartSec",
        "workdir": "WorkingDirectory",
        "workingdir": "WorkingDirectory",
    },
    "Timer": {
        "calendar": "OnCalendar",
        "interval": "OnUnitActiveSec",
        "jitter": "RandomizedDelaySec",
        "onboot": "OnBootSec",
        "randomdelay": "RandomizedDelaySec",
        "randomdelaysec": "RandomizedDelaySec",
        "schedule": "OnCalendar",
    },
    "Install": {},
}

# With a path after the colon.
_FILES = ("file", "append", "truncate")
_LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_ACTIONS = (
    "none",
    "reboot",
    "reboot-force",
    "reboot-immediate",
    "poweroff",
    "poweroff-force",
    "poweroff-immediate",
    "exit",
    "exit-force",
)
_OUTPUTS = (
    "inherit",
    "null",
    "tty",
    "journal",
    "kmsg",
    "journal+console",
    "kmsg+console",
    "file:PATH",
    "append:PATH",
    "socket",
    "fd:NAME",
)
_JOB_MODES = (
    "fail",
    "replace",
    "replace-irreversibly",
    "isolate",
    "flush",
    "ignore-dependencies",
    "ignore-requirements",
)
# The words that each supported version takes, as far as it knows the directive, and that are no mistake to use. Newer
# versions take a few more; KillMode=none is left out, systemd warns of it.
VALUES: dict[str, tuple[str, ...]] = {
    "CPUSchedulingPolicy": ("other", "batch", "idle", "fifo", "rr"),
    "CollectMode": ("inactive", "inactive-or-failed"),
    "DevicePolicy": ("auto", "closed", "strict"),
    "ExitType": ("main", "cgroup"),
    "FailureAction": _ACTIONS,
    "FileDescriptorStorePreserve": ("no", "yes", "restart"),
    "IOSchedulingClass": ("realtime", "best-effort", "idle"),
    "JobTimeoutAction": _ACTIONS,
    "KeyringMode": ("inherit", "private", "shared"),
    "KillMode": ("control-group", "mixed", "process"),
    "LogLevelMax": _LEVELS,
    "ManagedOOMMemoryPressure": ("auto", "kill"),
    "ManagedOOMPreference": ("none", "avoid", "omit"),
    "ManagedOOMSwap": ("auto", "kill"),
    "NUMAPolicy": ("default", "preferred", "bind", "interleave", "local"),
    "NotifyAccess": ("none", "main", "exec", "all"),
    "OOMPolicy": ("continue", "stop", "kill"),
    "OnFailureJobMode": _JOB_MODES,
    "OnSuccessJobMode": _JOB_MODES,
    "ProcSubset": ("all", "pid"),
    "ProtectHome": ("yes", "no", "read-only", "tmpfs"),
    "ProtectProc": ("default", "noaccess", "invisible", "ptraceable"),
    "ProtectSystem": ("yes", "no", "full", "strict"),
    "Restart": ("no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"),
    "RestartMode": ("normal", "direct"),
    "RuntimeDirectoryPreserve": ("no", "yes", "restart"),
    "StandardError": _OUTPUTS,
    "StandardInput": ("null", "tty", "tty-force", "tty-fail", "data", "file:PATH", "socket", "fd:NAME"),
    "StandardOutput": _OUTPUTS,
    "StartLimitAction": _ACTIONS,
    "SuccessAction": _ACTIONS,
    "SyslogFacility": (
        *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
        *("local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"),
    ),
    "SyslogLevel": _LEVELS,
    "TimeoutStartFailureMode": ("terminate", "abort", "kill"),
    "TimeoutStopFailureMode": ("terminate", "abort", "kill"),
    "Type": ("simple", "exec", "forking", "oneshot", "dbus", "notify", "idle"),
    "UtmpMode": ("init", "login", "user"),
}

# Lowest and highest number.
RANGES: dict[str, tuple[int, int]] = {
    "CPUSchedulingPriority": (1, 99),
    "CPUWeight": (1, 10000),
    "IOSchedulingPriority": (0, 7),
    "IOWeight": (1, 10000),
    "Nice": (-20, 19),
    "OOMScoreAdjust": (-1000, 1000),
    "StartupCPUWeight": (1, 10000),
    "StartupIOWeight": (1, 10000),
}

_YES_OR_NO = """
    AllowIsolate BlockIOAccounting CPUAccounting CPUSchedulingResetOnFork CacheDirectoryAccounting CoredumpReceive
    DefaultDependencies DeferReactivation DynamicUser FixedRandomDelay GuessMainPID IOAccounting IPAccounting
    IgnoreOnIsolate IgnoreSIGPIPE LockPersonality LogsDirectoryAccounting MemoryAccounting MemoryDenyWriteExecute
    MemoryKSM MemoryZSwapWriteback MountAPIVFS NoNewPrivileges NonBlocking OnClockChange OnFailureIsolate
    OnTimezoneChange PermissionsStartOnly Persistent PrivateDevices PrivateIPC PrivateMounts PrivateNetwork
    PrivatePIDs PrivateTmp PrivateUsers ProtectClock ProtectControlGroups ProtectHostname ProtectKernelLogs
    ProtectKernelModules ProtectKernelTunables RefuseManualStart RefuseManualStop RemainAfterElapse RemainAfterExit
    RemoveIPC RestrictRealtime RestrictSUIDSGID RootDirectoryStartOnly RootEphemeral SendSIGHUP SendSIGKILL
    SetLoginEnvironment StateDirectoryAccounting StopWhenUnneeded SurviveFinalKillSignal SyslogLevelPrefix TTYReset
    TTYVHangup TTYVTDisallocate TasksAccounting WakeSystem
"""
BOOLEANS = frozenset(_YES_OR_NO.split())

_COUNTS = frozenset(("FileDescriptorStoreMax", "LogRateLimitBurst", "RestartSteps", "StartLimitBurst"))
_SIGNALS = frozenset(("FinalKillSignal", "KillSignal", "ReloadSignal", "RestartKillSignal", "WatchdogSignal"))
_OCTAL = frozenset(
    (
        "CacheDirectoryMode",
        "ConfigurationDirectoryMode",
        "LogsDirectoryMode",
        "RuntimeDirectoryMode",
        "StateDirectoryMode",
    )
)
_SIZES = frozenset(("MemoryHigh", "MemoryLow", "MemoryMax", "MemoryMin", "MemorySwapMax", "MemoryZSwapMax"))
# Nanoseconds, and a time span after a device.
_NO_TIMESPANS = ("TimerSlackNSec", "IODeviceLatencyTargetSec")
_MORE_TIMESPANS = ("StartLimitInterval",)

UPGRADE = "remove it, or upgrade systemd on this host"

# From 0 to 1. In another section more is asked.
_LIKE = 0.7
_LIKE_ELSEWHERE = 0.85


def parse_directive_types(text: str) -> dict[str, dict[str, str]]:
    """Parse `systemd --dump-configuration-items`: section, then directive, to the type that systemd gives it."""
    known: dict[str, dict[str, str]] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line:
            key, kind = line.split("=", 1)
            known.setdefault(section, {})[key] = kind
    return known


def is_timespan(section: str, key: str) -> bool:
    """Tell whether a directive takes a time span of systemd.time(7). The dumped types are no help: some are OTHER."""
    if section not in SECTIONS or key in _NO_TIMESPANS:
        return False
    return key.endswith("Sec") or key in _MORE_TIMESPANS


def fix_value(section: str, key: str, value: str) -> str:
    """Return how to fix a value that systemd refuses; an empty text when the tables do not tell."""
    if key in VALUES:
        return _fix_word(value, VALUES[key])
    if key in RANGES:
        return "write a number from {} to {}".format(*RANGES[key])
    if key == "UMask":
        return "write an octal number such as 0022"
    if is_timespan(section, key):
        return "write a time span such as 90s, 15min or 1h 30min: systemd.time(7)"
    kinds = (
        (BOOLEANS, "write yes or no"),
        (_OCTAL, "write an octal number such as 0755"),
        (_COUNTS, "write a whole number"),
        (_SIGNALS, "write a signal such as SIGTERM: signal(7)"),
        (_SIZES, "write a size such as 512M or 2G, or infinity"),
    )
    return next((fix for keys, fix in kinds if key in keys), "")


def _fix_word(value: str, words: tuple[str, ...]) -> str:
    prefix, colon, rest = value.partition(":")
    if colon and prefix in _FILES and "file:PATH" in words:
        return f'write "{prefix}:/{rest}", an absolute path' if rest else f"write an absolute path after {prefix}:"
    plain = [word for word in words if ":" not in word]
    close = difflib.get_close_matches(value.lower(), plain, n=1, cutoff=_LIKE)
    return f'write "{close[0]}"' if close else f"write one of {', '.join(words)}"


def fix_unknown(key: str, section: str, version: int, known: Mapping[str, Iterable[str]]) -> tuple[str, str, str]:
    """Return (code, tail of the reason, fix) for a directive that this systemd does not take.

    `known` is what `--dump-configuration-items` of this host says: section to directives; it may be empty.
    """
    homes = [name for name in SECTIONS if name != section and key in known.get(name, ())]
    if homes:
        return "wrong-section", "", f"it belongs to [{homes[0]}]: write it under `{homes[0].lower()}`"
    code = "unknown-directive"
    age = _age(key, section, version)
    if age:
        return code, age, UPGRADE
    if section == "Service" and key in REMOVED:
        removed = REMOVED[key]
        tail = (
            f"; systemd {removed.version} removed it" if removed.version else "; newer versions have no such directive"
        )
        return code, tail, f"write {removed.instead}=" if removed.instead else "remove it"
    meant = _meant(key, section, known)
    return code, "", meant or UPGRADE


def _age(key: str, section: str, version: int) -> str:
    """Return what a newer systemd has to do with an unknown directive, or an empty text."""
    for home in (section, *SECTIONS):
        place = "it" if home == section else f"it belongs to [{home}] and"
        since = SINCE.get(home, {}).get(key, 0)
        if since > version:
            return f"; {place} needs systemd {since} or newer"
        seen = FIRST_SEEN.get(home, {}).get(key, 0)
        if seen > version:
            return f"; {place} needs a newer systemd, {seen} has it"
    return ""


def _meant(key: str, section: str, known: Mapping[str, Iterable[str]]) -> str:
    """Return the fix that names the directive which was probably meant, or an empty text."""
    others = [name for name in SECTIONS if name != section]
    small = key.lower()
    for home in (section, *others):
        same = [name for name in known.get(home, ()) if name.lower() in (small, f"{small}sec")]
        meant = same[0] if same else MEANT.get(home, {}).get(small, "")
        if meant:
            return _written(meant, home, section)
    for home in (section, *others):
        likely = _likely(small, known.get(home, ()), _LIKE if home == section else _LIKE_ELSEWHERE)
        if likely:
            return _written(likely, home, section)
    return ""


def _written(name: str, home: str, section: str) -> str:
    return f"write {name}=" if home == section else f"write {name}= under `{home.lower()}`"


def _likely(small: str, names: Iterable[str], like: float) -> str:
    """Return the name that is most like this one and of about its length, or an empty text."""
    near = {name.lower(): name for name in names if abs(len(name) - len(small)) <= max(2, len(small) // 3)}
    close = difflib.get_close_matches(small, list(near), n=1, cutoff=like)
    return near[close[0]] if close else ""
