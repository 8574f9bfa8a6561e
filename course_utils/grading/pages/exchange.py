"""Feedback pages on their way back through nbgrader's exchange."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseFeedback
from nbgrader.utils import notebook_hash

_SECRET = "submission_secret.txt"  # made by `nbgrader submit`; who has it finds the page
_LONGEST = 1000  # of a secret, in characters


class ReleaseFeedback(ExchangeReleaseFeedback):
    """nbgrader's release of feedback, for pages of whatever making.

    nbgrader wants two files beside each page that only its own pages have, and stops at the first student who
    did not hand in through the exchange. Here the secret is read where it was handed in, and who has none is
    named.
    """

    def copy_files(self) -> None:
        excluded = set(filter(None, self.coursedir.student_id_exclude.split(",")))
        lab, wanted = self.coursedir.assignment_id, self.coursedir.student_id
        pages = Path(self.coursedir.format_path(self.coursedir.feedback_directory, ".", ".")).resolve()
        released, without = 0, []
        for folder in sorted(pages.glob(f"*/{lab}")):
            student = folder.parent.name
            if student in excluded or wanted not in ("", "*", student):
                continue
            found = sorted(folder.glob("*.html"))
            secret = self._secret(student) if found else ""
            if found and not secret:
                without.append(student)
                continue
            for page in found:
                target = Path(self.dest_path, f"{notebook_hash(secret=secret, notebook_id=page.stem)}.html")
                draft = target.with_suffix(".partial")
                shutil.copy(page, draft)
                os.replace(draft, target)
                released += 1
        self.log.info("Released %d feedback pages of %s", released, lab)
        if without:
            self.log.warning(
                "%d students did not hand in %s through the exchange, which cannot bring them anything: send them "
                "their pages from %s (%s)",
                len(without),
                lab,
                pages,
                ", ".join(without),
            )

    def _secret(self, student: str) -> str:
        """What `nbgrader submit` put into the submission; "" if it came another way."""
        directory = self.coursedir
        for kind in (directory.submitted_directory, directory.autograded_directory):
            path = Path(directory.format_path(kind, student, directory.assignment_id), _SECRET)
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= _LONGEST:
                return path.read_text(encoding="utf-8", errors="replace")
        return ""
