"""The table that the course adds to those of nbgrader's gradebook."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, MetaData, String, Table, Text

# What was given for cells that a lab no longer has: aside.py.
SET_ASIDE = Table(
    "course_set_aside",
    MetaData(),
    Column("lab", String(128), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("cell", String(128), primary_key=True),
    Column("student", String(128), primary_key=True),
    Column("max_score", Float),
    Column("auto_score", Float),
    Column("manual_score", Float),
    Column("extra_credit", Float),
    Column("needs_manual_grade", Boolean),
    Column("manual_comment", Text),
)
