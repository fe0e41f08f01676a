"""What a person gets to read: an :class:`~mien.events.Analysis` as a web page, as tables and as JSON."""

from mien.report.files import save, write_joint_events
from mien.report.html import to_html
from mien.report.jsonfile import to_json
from mien.report.tables import events_table, frames_table, truth_table

__all__ = ["events_table", "frames_table", "save", "to_html", "to_json", "truth_table", "write_joint_events"]
