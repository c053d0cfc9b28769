"""Drills with one exporter for all nodes: which lanes and drills these are, and why the others are not."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from .drill import Lane
from .plan import LANES

_READS: Final = "an exporter reads a node's process, log or files only beside it"
_CONFIGURED: Final = "/sd names a configured node always, so that its alerts have a target"
NOT_TOGETHER: Final[Mapping[str, str]] = {
    **{
        drill.name: _READS
        for lane in LANES.values()
        if lane.setting.reads_files or lane.setting.follows_logs
        for drill in lane.drills
    },
    "few-descriptors": _READS,
    "forgotten replica": "one canary watches whom its node lists, and the primary does not list it any more",
    "vanished targets": _CONFIGURED,
    "vanished member": _CONFIGURED,
}
"""Why these drills make no sense with one exporter, by name."""


def lanes(*, has_one_exporter: bool) -> dict[str, Lane]:
    """Return the lanes as planned, or each with one exporter, as far as its drills make sense so."""
    if not has_one_exporter:
        return LANES
    changed = {
        job: Lane(
            tuple(drill for drill in lane.drills if drill.name not in NOT_TOGETHER),
            replace(lane.setting, has_one_exporter=True),
        )
        for job, lane in LANES.items()
    }
    return {job: lane for job, lane in changed.items() if lane.drills}
